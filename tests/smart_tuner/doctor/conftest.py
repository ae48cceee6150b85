"""Studies of eight trials and a probe that have ended, and ways to break them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import optuna
import psutil
import pytest
from optuna.samplers import RandomSampler
from optuna.storages._rdb.models import (
    TrialIntermediateValueModel,
    TrialModel,
    TrialParamModel,
    TrialSystemAttributeModel,
    TrialUserAttributeModel,
    TrialValueModel,
)
from optuna.trial import TrialState as OptunaState
from sqlalchemy import delete, update

from storage.clock import utc_now
from storage.commands import EXPIRES_AFTER_SECONDS, Commands
from storage.controller_process import this_process
from storage.controllers import Controllers
from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.optuna_trials import optuna_trials
from storage.outlines import attempt_outlines, numbers_with_progress
from storage.progress import Progress
from storage.records import (
    ControllerRecord,
    ProgressRecord,
    StudyState,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.studies import Studies
from storage.tables import AttemptRow, CommandRow, StudyRow, TrialRow
from storage.trials import Trials

NAME = "speech"
STUDY: dict[str, Any] = {"study": {"trials": 8}, "probes": [{"learning_rate": 0.3}]}
"""What of a workshop's study differs: some of its trials explode, some never align."""
_PARTS = (
    TrialIntermediateValueModel, TrialParamModel, TrialSystemAttributeModel,
    TrialUserAttributeModel, TrialValueModel,
)  # fmt: skip
_TOLD = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
}
_SLEEPER = "import sys, time; print('up', flush=True); time.sleep(600)"


@dataclass
class Patient:
    """A study in a database, broken by one method or several, each at a trial of its choice."""

    database: Database
    random: Random
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def break_randomly(self) -> list[str]:
        """Break one thing to five, at different trials where it is about trials; what it was."""
        trials = Trials(self.database).list_of(NAME)
        numbers = [trial.number for trial in trials]
        chosen = self.random.sample(AILMENTS, self.random.randint(1, 5))
        for ailment, number in zip(chosen, self.random.sample(numbers, len(chosen)), strict=True):
            ailment(self, number)
        return [ailment.__name__ for ailment in chosen]

    # Optuna's side.

    def forget_to_tell(self, number: int) -> None:
        """A controller was killed between our tables and Optuna's."""
        values = {TrialModel.state: OptunaState.RUNNING, TrialModel._datetime_complete_utc: None}
        self._optuna(number, values)
        self.database.execute(delete(TrialValueModel).where(self._of(TrialValueModel, number)))

    def fail_in_optuna(self, number: int) -> None:
        """Somebody has told Optuna by hand."""
        self._optuna(number, {TrialModel.state: OptunaState.FAIL})

    def value_in_optuna(self, number: int) -> None:
        """Somebody has changed a value by hand."""
        of_trial = self._of(TrialValueModel, number)
        self.database.execute(update(TrialValueModel).where(of_trial).values(value=0.125))

    def forget_last_in_optuna(self, _: int) -> None:
        """Optuna has lost its last trial."""
        self._delete_from_optuna(max(optuna_trials(self.database, NAME) or {}, default=-1))

    def forget_all_in_optuna(self, _: int) -> None:
        """Optuna's study was deleted, in its dashboard."""
        with self.optuna_study() as study:
            optuna.delete_study(study_name=study.study_name, storage=study._storage)

    def ask_half(self, _: int) -> None:
        """A controller was killed in the midst of asking."""
        with self.optuna_study() as study:
            study.ask()

    def ask_without_a_note(self, _: int) -> None:
        """A controller was killed before it noted what it had asked for."""
        with self.optuna_study() as study:
            study.ask().set_user_attr("role", "trial")

    # Ours.

    def forget_ours(self, number: int) -> None:
        """Our tables have lost a trial, and Optuna knows it."""
        here = (TrialRow.study == NAME, TrialRow.number == number)
        self.database.execute(delete(TrialRow).where(*here))

    def lose_owner(self, number: int) -> None:
        """A controller and a trainer were killed while a trial ran."""
        self.forget_to_tell(number)
        states = [state for state in TrialState if state.active]
        self._ours(number, state=self.random.choice(states), controller=self.dead_controller())
        self.open_attempt(number)
        self.keep_progress(number)
        self.forget_last_words(number)

    def tell_too_early(self, number: int) -> None:
        """Somebody has told Optuna the end of a trial that waits."""
        self._ours(number, state=TrialState.PAUSED, reason="stopped", controller=None)

    def open_attempt(self, number: int) -> None:
        """Nobody has seen the end of an attempt."""
        here = (AttemptRow.study == NAME, AttemptRow.number == number)
        self.database.execute(update(AttemptRow).where(*here).values(ended_at=None, cause=None))

    def keep_progress(self, number: int) -> None:
        """A trial is still among those that run."""
        Progress(self.database).upsert(ProgressRecord(study=NAME, number=number))

    def lose_checkpoint(self, number: int) -> None:
        """Somebody has deleted a checkpoint."""
        trial = Trials(self.database).get(NAME, number)
        if trial is not None and trial.checkpoint is not None:
            Path(trial.checkpoint).unlink(missing_ok=True)

    def leave_a_trainer(self, number: int) -> None:
        """A trainer runs on in the run directory of a trial that doesn't."""
        trial = Trials(self.database).get(NAME, number)
        assert trial is not None
        if trial.run_dir is not None:
            self.trainer_in(Path(trial.run_dir))

    def keep_the_turn(self, _: int) -> None:
        """A controller was killed while it had the turn."""
        self._study(asking=uuid4().hex)

    def leave_state(self, _: int) -> None:
        """The last controller was killed before it said how the study stands."""
        states = (StudyState.RUNNING, StudyState.PAUSING, StudyState.STOPPING)
        self._study(state=self.random.choice(states))

    def leave_command(self, number: int) -> None:
        """Somebody has asked when nobody was there."""
        sent = Commands(self.database).send(
            NAME, "prune", requested_by="anna", source="bot", number=number
        )
        before = utc_now() - timedelta(seconds=EXPIRES_AFTER_SECONDS + 1)
        statement = update(CommandRow).where(CommandRow.id == sent.id)
        self.database.execute(statement.values(requested_at=before))

    def leave_controller(self, _: int) -> None:
        """A controller was killed."""
        self.dead_controller()

    # Tools.

    def dead_controller(self) -> str:
        """The id of a controller whose process is gone."""
        controller = ControllerRecord(
            id=uuid4().hex, study=NAME, host=this_process().host, pid=2**22 + 1,
            process_started_at=0.0,
        )  # fmt: skip
        return Controllers(self.database).enter(controller).id

    def trainer_in(self, run_dir: Path) -> int:
        """The process id of one that passes for a trainer there."""
        run_dir.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", _SLEEPER, "--run-dir", str(run_dir)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        record = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
        (run_dir / "process.json").write_text(json.dumps(record), encoding="utf-8")
        return process.pid

    def forget_last_words(self, number: int) -> None:
        """The trainer was killed, too, and could not say how it ends."""
        trial = Trials(self.database).get(NAME, number)
        if trial is not None and trial.run_dir is not None:
            path = Path(trial.run_dir) / "events.jsonl"
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = (line for line in lines if '"ended"' not in line)
            path.write_text("".join(kept), encoding="utf-8")

    @contextmanager
    def optuna_study(self) -> Iterator[optuna.Study]:
        """As another program would open it."""
        storage = optuna_storage(self.database)
        direction = Studies(self.database).get(NAME).identity["direction"]  # type: ignore[union-attr]
        try:
            yield optuna.create_study(
                study_name=NAME, storage=storage, direction=direction, load_if_exists=True,
                sampler=RandomSampler(seed=1),
            )  # fmt: skip
        finally:
            close_optuna_storage(storage)

    def trials(self) -> list[TrialRecord]:
        """Ours, by number."""
        return Trials(self.database).list_of(NAME)

    def close(self) -> None:
        """End what was started."""
        for process in self.processes:
            process.kill()
            process.communicate()

    def check(self) -> None:
        """Optuna and we agree, and nothing is left of what was killed."""
        ours = {trial.number: trial for trial in self.trials()}
        known = optuna_trials(self.database, NAME)
        assert known is not None
        for number, theirs in known.items():
            if theirs.state is OptunaState.WAITING:
                assert number not in ours
                continue
            trial = ours.pop(number)
            expected = _TOLD.get(trial.state, OptunaState.RUNNING)
            if trial.state.ended and trial.role is not TrialRole.TRIAL:
                expected = OptunaState.FAIL
            assert not trial.state.active
            assert (number, theirs.state) == (number, expected)
            if expected is OptunaState.COMPLETE:
                assert theirs.values == (trial.value,)
            named = trial.checkpoint if trial.state.ended else None
            assert named is None or Path(named).exists()
        assert ours == {}
        study = Studies(self.database).get(NAME)
        assert study is not None
        assert study.asking is None
        settled = (StudyState.PAUSED, StudyState.STOPPED, StudyState.FINISHED)
        assert study.state in settled
        assert numbers_with_progress(self.database, NAME) == frozenset()
        attempts = attempt_outlines(self.database, NAME).values()
        assert not any(one.is_open for each in attempts for one in each)
        assert Controllers(self.database).list_of(NAME) == []
        assert Commands(self.database).pending(NAME) == []
        assert all(process.poll() is not None for process in self.processes)

    def _optuna(self, number: int, values: dict[Any, Any]) -> None:
        here = TrialModel.trial_id == self._id(number)
        self.database.execute(update(TrialModel).where(here).values(values))

    def _ours(self, number: int, **fields: Any) -> None:
        here = (TrialRow.study == NAME, TrialRow.number == number)
        self.database.execute(update(TrialRow).where(*here).values(**fields))

    def _study(self, **fields: Any) -> None:
        self.database.execute(update(StudyRow).where(StudyRow.name == NAME).values(**fields))

    def _of(self, model: Any, number: int) -> Any:
        return model.trial_id == self._id(number)

    def _id(self, number: int) -> int:
        """Optuna's of a trial; -1 where it has none."""
        known = optuna_trials(self.database, NAME) or {}
        return known[number].id if number in known else -1

    def _delete_from_optuna(self, number: int) -> None:
        trial_id = self._id(number)
        for model in (*_PARTS, TrialModel):
            self.database.execute(delete(model).where(model.trial_id == trial_id))


AILMENTS: tuple[Callable[[Patient, int], None], ...] = (
    Patient.forget_to_tell, Patient.fail_in_optuna, Patient.value_in_optuna,
    Patient.forget_last_in_optuna, Patient.forget_all_in_optuna, Patient.ask_half,
    Patient.ask_without_a_note, Patient.forget_ours, Patient.lose_owner, Patient.tell_too_early,
    Patient.open_attempt, Patient.keep_progress, Patient.lose_checkpoint, Patient.leave_a_trainer,
    Patient.keep_the_turn, Patient.leave_state, Patient.leave_command, Patient.leave_controller,
)  # fmt: skip


@pytest.fixture
def patient_in() -> Iterator[Callable[[Database], Patient]]:
    """Makes a patient of the study in a database."""
    patients: list[Patient] = []

    def make(database: Database) -> Patient:
        patients.append(Patient(database, Random(0)))
        return patients[-1]

    yield make
    for patient in patients:
        patient.close()


@pytest.fixture(scope="session")
def finished(open_workshop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The workshop of a finished study in SQLite, and a copy of all that belongs to it."""
    folder = tmp_path_factory.mktemp("finished")
    stub = str(Path(__file__).parents[1] / "stub_trainer.py")
    with open_workshop(folder, sys.executable, "-P", stub) as workshop:
        workshop.run(**STUDY)
        shutil.copytree(folder / "runs", folder / "runs-whole")
        shutil.copy(folder / "smart_tuner.db", folder / "whole.db")
        yield workshop


@pytest.fixture
def patient(finished: Any, patient_in: Callable[[Database], Patient]) -> Iterator[Patient]:
    """The finished study, whole again after each test."""
    folder = finished.folder
    shutil.rmtree(folder / "runs")
    shutil.copytree(folder / "runs-whole", folder / "runs")
    for leftover in folder.glob("smart_tuner.db*"):
        leftover.unlink()
    shutil.copy(folder / "whole.db", folder / "smart_tuner.db")
    with open_database(f"sqlite:///{folder}/smart_tuner.db") as database:
        yield patient_in(database)


@pytest.fixture
def postgresql_patient(
    postgresql: Any, workshop: Any, patient_in: Callable[[Database], Patient]
) -> Iterator[Patient]:
    """A finished study in PostgreSQL."""
    url = postgresql.create()
    workshop.run(**STUDY, storage={"url": url})
    with open_database(url) as database:
        yield patient_in(database)
