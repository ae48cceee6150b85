"""Where Optuna and our tables disagree about a trial: a pure function."""

from collections.abc import Iterator

from optuna.trial import TrialState as OptunaState

from smart_tuner.doctor.findings import Code, Finding, Remedy
from smart_tuner.doctor.reading import Reading
from smart_tuner.search.teaching import Lesson, lesson_of
from storage.optuna_trials import OptunaTrial
from storage.outlines import TrialOutline

_RUNNING = Lesson(OptunaState.RUNNING)


def disagreements(reading: Reading) -> Iterator[Finding]:
    """One a trial at most, by number."""
    known = reading.optuna or {}
    for number in sorted(reading.trials.keys() | known.keys()):
        ours, theirs = reading.trials.get(number), known.get(number)
        if ours is None:
            assert theirs is not None
            found = _unknown_to_us(reading, theirs)
        elif theirs is None:
            found = _unknown_to_optuna(reading, ours)
        else:
            found = _told(reading, ours, theirs)
        if found is not None:
            yield found


def _told(reading: Reading, ours: TrialOutline, theirs: OptunaTrial) -> Finding | None:
    ended = ours.state.ended
    expected = lesson_of(ours) if ended else _RUNNING
    # What Optuna keeps as the value of a pruned trial is its last report.
    values = theirs.values if theirs.state is OptunaState.COMPLETE else ()
    actual = Lesson(theirs.state, values)
    if actual == expected:
        return None
    what = f"{_shown(ours)} here, {_in_optuna(actual)} in Optuna"
    if ended and theirs.state is OptunaState.RUNNING:
        return _finding(reading, Code.NOT_TOLD, ours.number, what, Remedy.TEACH)
    return _finding(reading, Code.TOLD_OTHERWISE, ours.number, what, Remedy.REOPEN)


def _unknown_to_us(reading: Reading, theirs: OptunaTrial) -> Finding | None:
    if theirs.state is OptunaState.WAITING:
        return None  # enqueued: it has yet to be asked for
    state = _in_optuna(Lesson(theirs.state, theirs.values))
    what = f"{state} in Optuna, not in our tables"
    if theirs.state is OptunaState.RUNNING:
        remedy = Remedy.QUEUE if theirs.is_ours else Remedy.ASK_AGAIN
        return _finding(reading, Code.UNKNOWN_TO_US, theirs.number, what, remedy)
    if theirs.is_ours:
        return _finding(reading, Code.UNKNOWN_TO_US, theirs.number, what, Remedy.KEEP)
    return _finding(reading, Code.FOREIGN, theirs.number, f"{what}: added by somebody else", None)


def _unknown_to_optuna(reading: Reading, ours: TrialOutline) -> Finding:
    what = f"{_shown(ours)} here, unknown to Optuna"
    if reading.optuna is None:
        what += ", which has no such study"
    elif ours.number < max(reading.optuna, default=-1):
        what += ", which numbers its trials itself: restore a backup"
        return _finding(reading, Code.UNKNOWN_TO_OPTUNA, ours.number, what, None)
    return _finding(reading, Code.UNKNOWN_TO_OPTUNA, ours.number, what, Remedy.RESTORE)


def _shown(trial: TrialOutline) -> str:
    role = "" if trial.role.value == "trial" else f"{trial.role.value}, "
    numbers = trial.values or (trial.value,)
    shown = " ".join(f"{value:.4g}" for value in numbers if value is not None)
    complete = trial.state.value == "complete"
    return f"{role}{trial.state.value}" + (f" ({shown})" if complete and shown else "")


def _in_optuna(lesson: Lesson) -> str:
    word = "failed" if lesson.state is OptunaState.FAIL else lesson.state.name.lower()
    shown = " ".join(f"{value:.4g}" for value in lesson.values)
    complete = lesson.state is OptunaState.COMPLETE
    return f"{word} ({shown})" if complete and shown else word


def _finding(
    reading: Reading, code: Code, number: int, what: str, remedy: Remedy | None
) -> Finding:
    return Finding(reading.study.name, code, number, what, remedy)
