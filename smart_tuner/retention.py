"""Which files of ended trials stay on the disk: the voices that may still be wanted.

What a trial that can still go on has written is never touched, nor anything but checkpoints and
samples; events, logs and reports of ended trials stay.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smart_tuner.config.sections import RetentionSection, Samples
from smart_tuner.run_files import RunFiles, freed
from storage.attempts import Attempts
from storage.database import Database
from storage.records import TrialRecord
from storage.trials import Trials


@dataclass(frozen=True)
class Removal:
    """What of one trial goes."""

    number: int
    checkpoints: tuple[Path, ...]
    """All that it has, or none."""
    samples: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Everything."""
        return self.checkpoints + self.samples


@dataclass(frozen=True)
class Removed:
    """What was deleted, and what could not be."""

    n_files: int
    n_bytes: int
    failures: tuple[str, ...] = ()
    """One line each."""


def plan(
    trials: Iterable[TrialRecord],
    files: Mapping[int, RunFiles],
    best: Collection[int] | None,
    samples: Samples,
) -> list[Removal]:
    """What of ``trials`` goes; those that have not ended lose nothing.

    Args:
        trials: in any state.
        files: what there is on the disk, by the trial's number.
        best: the trials whose checkpoints stay; ``None``: all of them.
        samples: which samples stay: ``all``; of each trial those of its ``best`` evaluation; or
            with them those of its ``last`` one. Without an evaluation the last ones stay.
    """
    removals = []
    for trial in trials:
        there = files.get(trial.number)
        if there is None or not trial.state.ended:
            continue
        checkpoints = () if best is None or trial.number in best else there.checkpoints
        removal = Removal(
            trial.number,
            checkpoints,
            _superfluous(there.alignments, trial.alignment_png, samples)
            + _superfluous(there.recordings, trial.sample_wav, samples),
        )
        if removal.files:
            removals.append(removal)
    return removals


def apply(database: Database, study: str, removals: Iterable[Removal]) -> Removed:
    """Delete what was planned; a trial names no checkpoint that is gone.

    Raises:
        StorageError: the database can't be written; what was deleted before stays deleted.
    """
    deleted, n_bytes, failures = 0, 0, []
    for removal in removals:
        if removal.checkpoints:  # before they go: whoever reads meanwhile finds what is named
            _forget_checkpoints(database, study, removal.number)
        for path in removal.files:
            try:
                n_bytes += freed([path])
                path.unlink()
            except FileNotFoundError:
                continue  # somebody else was quicker
            except OSError as error:
                failures.append(f"{path}: can't be deleted ({error.strerror})")
                continue
            deleted += 1
    return Removed(deleted, n_bytes, tuple(failures))


def apply_retention(
    database: Database,
    study: str,
    section: RetentionSection,
    number: int,
    directions: Sequence[str],
) -> Removed:
    """Delete what is superfluous now that trial ``number`` has ended.

    Args:
        database: where the study is.
        study: its name.
        section: what is to stay.
        number: the trial; of the others only those are looked at that have a checkpoint.
        directions: ``maximize`` or ``minimize``, of every objective.

    Raises:
        StorageError: as :func:`apply`.
    """
    trials, best = Trials(database), None
    if section.best_trials is None and section.samples == "all":
        return Removed(0, 0)
    ended = trials.get(study, number)
    concerned = [] if ended is None else [ended]
    if section.best_trials is not None:
        best = trials.best_numbers(study, directions, section.best_trials)
        concerned += [one for one in trials.with_checkpoint(study) if one.number != number]
    return apply(database, study, plan(concerned, files_of(concerned), best, section.samples))


def files_of(trials: Iterable[TrialRecord]) -> dict[int, RunFiles]:
    """What there is on the disk, of the trials whose run directory is on this machine."""
    folders = {trial.number: Path(trial.run_dir) for trial in trials if trial.run_dir is not None}
    return {
        number: RunFiles.in_directory(folder)
        for number, folder in folders.items()
        if folder.is_dir()
    }


def _superfluous(there: Sequence[Path], best: str | None, samples: Samples) -> tuple[Path, ...]:
    """All but the best evaluation's, and the last one's where that is wanted or all there is."""
    if samples == "all" or not there:
        return ()
    kept = {Path(best).name} & {path.name for path in there} if best is not None else set()
    if samples == "last" or not kept:
        kept.add(there[-1].name)
    return tuple(path for path in there if path.name not in kept)


def _forget_checkpoints(database: Database, study: str, number: int) -> None:
    with database.transaction():
        Trials(database).update(study, number, checkpoint=None)
        attempts = Attempts(database)
        for one in attempts.list_of(study, number):
            if one.checkpoint is not None:
                attempts.update(study, number, one.attempt, checkpoint=None)
