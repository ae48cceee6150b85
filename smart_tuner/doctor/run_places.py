"""What the run directories on this machine tell: living trainers, last words, lost checkpoints."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from smart_tuner.launch.trainer_process import TrainerProcess
from storage.outlines import AttemptOutline, TrialOutline
from trainer.events import Ended, EventReader
from trainer.paths import RunPaths

Attempts = Mapping[int, Sequence[AttemptOutline]]
"""Those of each trial, in their order."""


def living_trainers(trials: Iterable[TrialOutline]) -> dict[int, int]:
    """The process ids of the trainers that run here, by the trial's number.

    Of an ended trial only one that is on record in its run directory.
    """
    found = {
        trial.number: TrainerProcess.find(
            RunPaths(Path(trial.run_dir)), search=not trial.state.ended
        ).pid
        for trial in trials
        if trial.run_dir is not None
    }
    return {number: pid for number, pid in found.items() if pid is not None}


def last_words(trials: Iterable[TrialOutline], attempts: Attempts) -> dict[int, str]:
    """How the last trainers of trials said that they end, of those that did."""
    said = {trial.number: _last_word(trial, attempts.get(trial.number, ())) for trial in trials}
    return {number: word for number, word in said.items() if word is not None}


def lost_checkpoints(
    trials: Sequence[TrialOutline], attempts: Attempts, host: str
) -> frozenset[int]:
    """The ended trials that name a checkpoint that is gone, as far as their files are here.

    They are not where the last trainer ran on another machine, nor where not one run directory of
    the study is to be found: then a disk may be missing.
    """
    folders = {
        Path(trial.run_dir).parent
        for trial in trials
        if trial.run_dir is not None and Path(trial.run_dir).is_dir()
    }
    return frozenset(
        trial.number
        for trial in trials
        if trial.state.ended
        and trial.checkpoint is not None
        and trial.run_dir is not None
        and Path(trial.run_dir).parent in folders
        and _ran_here(attempts.get(trial.number, ()), host)
        and not Path(trial.checkpoint).exists()
    )


def _ran_here(attempts: Sequence[AttemptOutline], host: str) -> bool:
    return not attempts or attempts[-1].host == host


def _last_word(trial: TrialOutline, attempts: Sequence[AttemptOutline]) -> str | None:
    if trial.run_dir is None:
        return None
    reader = EventReader(RunPaths(Path(trial.run_dir)).events)
    reader.poll(until=attempts[-1].events_offset if attempts else 0)
    words = [event.exit for event in reader.poll() if isinstance(event, Ended)]
    return words[-1] if words else None
