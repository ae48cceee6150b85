"""Trials whose controllers are gone, and trainers whose trials are: a pure function."""

from collections.abc import Iterator

from smart_tuner.doctor.findings import Code, Finding, Remedy
from smart_tuner.doctor.reading import Reading
from storage.outlines import TrialOutline

_GOES_ON = ("stopped", "unwritable")
"""Last words of trainers whose last checkpoint goes on."""


def strays(reading: Reading) -> Iterator[Finding]:
    """Trials that nobody runs, and trainers that run for nobody."""
    orphans = set()
    for number, pid in reading.trainers.items():
        if _is_in_the_way(reading, reading.trials[number], pid):
            orphans.add(number)
            yield _orphan(reading, reading.trials[number], pid)
    for trial in reading.unowned:
        if trial.number not in orphans:
            yield _without_owner(reading, trial, reading.trainers.get(trial.number))


def has_adoptable_trainer(reading: Reading) -> bool:
    """Whether a trainer goes on that a controller will take up."""
    return any(
        trial.state.active and trial.number in reading.trainers for trial in reading.trials.values()
    )


def _is_in_the_way(reading: Reading, trial: TrialOutline, pid: int) -> bool:
    """Whether it is no trainer of the trial's last attempt, or the trial has none."""
    if not trial.state.active:
        return True
    attempts = reading.attempts.get(trial.number, ())
    noted = attempts[-1].pid if attempts and attempts[-1].host == reading.host else None
    return noted is not None and noted != pid


def _orphan(reading: Reading, trial: TrialOutline, pid: int) -> Finding:
    whose = "an earlier attempt" if trial.state.active else f"a trial that is {trial.state.value}"
    return Finding(
        reading.study.name,
        Code.ORPHAN_PROCESS,
        trial.number,
        f"process {pid} is a trainer of {whose}",
        Remedy.END_TRAINER,
        pid,
    )


def _without_owner(reading: Reading, trial: TrialOutline, pid: int | None) -> Finding:
    study, said = reading.study.name, reading.last_words.get(trial.number)
    if pid is not None:
        what = f"its controller is gone, its trainer goes on in process {pid}"
        return Finding(study, Code.ADOPTABLE, trial.number, f"{what}: start the study in time")
    if said is not None and said not in _GOES_ON:
        what = f"its controller is gone, its trainer ended since ({said.replace('_', ' ')})"
        return Finding(study, Code.ADOPTABLE, trial.number, f"{what}: start the study to see how")
    what = f"{trial.state.value}, but its controller and its trainer are gone"
    remedy = Remedy.LOSE if said is None else Remedy.PAUSE
    return Finding(study, Code.OWNERLESS, trial.number, what, remedy)
