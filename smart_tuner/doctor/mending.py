"""Mending what was found, each by compare and set: what has changed since is left alone."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from sqlalchemy.exc import IntegrityError

from smart_tuner.doctor.findings import Finding, Remedy
from smart_tuner.doctor.optuna_side import OptunaSide
from smart_tuner.doctor.reading import Reading
from smart_tuner.doctor.rebuilding import rebuilt
from smart_tuner.health import Reason
from smart_tuner.launch.launcher import RUNS
from smart_tuner.launch.trainer_process import TrainerProcess
from storage.clock import utc_now
from storage.commands import Commands
from storage.controllers import Controllers
from storage.database import Database
from storage.events import Events
from storage.leftovers import clear_progress, close_attempt, forget_checkpoint, settle_study
from storage.optuna_trials import ask_again, reopen
from storage.records import CommandState, EventRecord, StudyState, TrialRecord, TrialState
from storage.trials import Trials
from storage.turns import Turns
from trainer.paths import RunPaths

MENDED = "mended"
"""The kind of the event that is kept of each mended finding."""
_POLL_SECONDS = 0.05
_SETTLED = {StudyState.PAUSING: StudyState.PAUSED}
"""What a study without a controller is now; else it is stopped."""


class CannotMendError(Exception):
    """Why something can't be mended, for people."""


class Mender:
    """Mends one study, as it was seen in ``reading``."""

    def __init__(self, database: Database, reading: Reading) -> None:
        self._database, self._reading, self._study = database, reading, reading.study.name
        self._trials = Trials(database)
        self._open = ExitStack()
        self._side: OptunaSide | None = None
        self._remedies: Mapping[Remedy, Callable[[Finding], bool]] = {
            Remedy.TEACH: self._teach,
            Remedy.REOPEN: self._reopen,
            Remedy.ASK_AGAIN: self._ask_again,
            Remedy.QUEUE: self._rebuild,
            Remedy.KEEP: self._rebuild,
            Remedy.RESTORE: self._restore,
            Remedy.LOSE: self._lose,
            Remedy.PAUSE: self._lose,
            Remedy.CLOSE_ATTEMPT: self._close_attempt,
            Remedy.END_TRAINER: self._end_trainer,
            Remedy.RELEASE_TURN: self._release_turn,
            Remedy.CLEAR_PROGRESS: self._clear_progress,
            Remedy.EXPIRE: self._expire,
            Remedy.FORGET_CHECKPOINT: self._forget_checkpoint,
            Remedy.SETTLE: self._settle,
            Remedy.SIGN_OUT: self._sign_out,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def mend(self, finding: Finding) -> bool:
        """Mend ``finding``; ``False`` where it is no longer as it was seen.

        Raises:
            CannotMendError: somebody else must.
            StorageError: the database can't be used.
        """
        assert finding.remedy is not None
        if not self._remedies[finding.remedy](finding):
            return False
        payload = {"code": finding.code, "what": finding.what, "done": finding.remedy.deed}
        self._note(MENDED, finding.number, payload)
        return True

    # Optuna's side.

    @property
    def _optuna(self) -> OptunaSide:
        if self._side is None:
            opened = OptunaSide.opened(self._database, self._reading.study)
            self._side = self._open.enter_context(opened)
        return self._side

    def _teach(self, finding: Finding) -> bool:
        record = self._record(finding)
        if record is None or not record.state.ended:
            return False
        self._optuna.teach(record)
        return True

    def _reopen(self, finding: Finding) -> bool:
        assert finding.number is not None
        theirs = (self._reading.optuna or {})[finding.number]
        if not reopen(self._database, theirs):
            return False
        self._teach(finding)  # one that has not ended goes on
        return True

    def _ask_again(self, finding: Finding) -> bool:
        assert finding.number is not None
        theirs = (self._reading.optuna or {})[finding.number]
        return ask_again(self._database, self._study, theirs)

    def _restore(self, finding: Finding) -> bool:
        record = self._record(finding)
        try:
            if record is None or not self._optuna.restore(record):
                return False
        except ValueError as error:  # Optuna's: the value of a parameter is none any more
            raise CannotMendError(f"Optuna refuses it: {error}") from error
        self._teach(finding)
        return True

    # Ours.

    def _rebuild(self, finding: Finding) -> bool:
        assert finding.number is not None
        run_dir = self._runs / str(finding.number)
        record = rebuilt(self._study, self._optuna.trial(finding.number), run_dir)
        try:
            self._trials.insert(record)
        except IntegrityError:  # a controller has noted it in this moment
            return False
        return True

    def _lose(self, finding: Finding) -> bool:
        assert finding.number is not None
        seen, number = self._reading.trials[finding.number], finding.number
        paused = finding.remedy is Remedy.PAUSE
        after = TrialState.PAUSED if paused else TrialState.LOST
        reason = Reason.STOPPED if paused else None
        evidence = {"message": finding.what}
        with self._database.transaction():
            moved = self._trials.move(
                self._study, number, after, held_by=seen.controller, controller=None, pid=None,
                reason=reason, evidence=evidence, ended_at=utc_now(),
            )  # fmt: skip
            if not moved:
                return False
            for attempt in self._reading.attempts.get(number, ())[-1:]:
                close_attempt(self._database, self._study, number, attempt.attempt, reason or after)
            clear_progress(self._database, self._study, number)
            self._note("ended", number, {"state": after, "reason": reason, **evidence})
        return True

    def _close_attempt(self, finding: Finding) -> bool:
        assert finding.number is not None
        assert isinstance(finding.about, int)
        cause = TrialState.LOST
        return close_attempt(self._database, self._study, finding.number, finding.about, cause)

    def _clear_progress(self, finding: Finding) -> bool:
        assert finding.number is not None
        return clear_progress(self._database, self._study, finding.number)

    def _forget_checkpoint(self, finding: Finding) -> bool:
        assert finding.number is not None
        path = str(finding.about)
        return forget_checkpoint(self._database, self._study, finding.number, path)

    def _expire(self, finding: Finding) -> bool:
        """All that are overdue expire together."""
        assert isinstance(finding.about, int)
        commands = Commands(self._database)
        commands.expire(self._study)
        command = commands.get(finding.about)
        return command is not None and command.state is CommandState.EXPIRED

    def _release_turn(self, finding: Finding) -> bool:
        Turns(self._database).release(self._study, str(finding.about))
        return True

    def _settle(self, finding: Finding) -> bool:
        before = StudyState(str(finding.about))
        after = _SETTLED.get(before, StudyState.STOPPED)
        gone = list(self._reading.presences)  # with one that is not, nothing is settled
        return settle_study(self._database, self._study, before, after, gone)

    def _sign_out(self, finding: Finding) -> bool:
        Controllers(self._database).leave(str(finding.about))
        return True

    # Processes.

    def _end_trainer(self, finding: Finding) -> bool:
        """Politely: it writes a checkpoint, if it listens in time."""
        assert finding.number is not None
        run_dir = self._reading.trials[finding.number].run_dir
        assert run_dir is not None
        process = TrainerProcess.find(RunPaths(Path(run_dir)), search=True)
        if process.pid != finding.about:
            return False
        try:
            process.request_stop()
            while not process.poll():
                time.sleep(_POLL_SECONDS)
        except (psutil.AccessDenied, PermissionError) as error:
            raise CannotMendError("it is another user's: have that one end it") from error
        return True

    @property
    def _runs(self) -> Path:
        """Where the study's run directories are: beside those that are known."""
        known = (one.run_dir for one in self._reading.trials.values() if one.run_dir is not None)
        return next((Path(one).parent for one in known), (RUNS / self._study).resolve())

    def _record(self, finding: Finding) -> TrialRecord | None:
        assert finding.number is not None
        return self._trials.get(self._study, finding.number)

    def _note(self, kind: str, number: int | None, payload: Mapping[str, Any]) -> None:
        event = EventRecord(study=self._study, kind=kind, number=number, payload=payload)
        Events(self._database).append([event])
