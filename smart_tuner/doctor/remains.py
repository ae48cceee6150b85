"""What processes that were killed have left of a study in our tables: a pure function."""

from collections.abc import Iterator

from dashboards.formatting import moment
from smart_tuner.doctor.findings import Code, Finding, Remedy
from smart_tuner.doctor.ownership import has_adoptable_trainer
from smart_tuner.doctor.presence import Presence
from smart_tuner.doctor.reading import Reading
from storage.records import StudyState

_LEFT_IN = (StudyState.RUNNING, StudyState.PAUSING, StudyState.STOPPING)
"""States in which no study stays without a controller; a paused one may."""


def remains(reading: Reading) -> Iterator[Finding]:
    """Of trials first, then of the study."""
    yield from _open_attempts(reading)
    yield from _progress(reading)
    yield from _checkpoints(reading)
    yield from _commands(reading)
    yield from _study(reading)
    yield from _controllers(reading)


def _open_attempts(reading: Reading) -> Iterator[Finding]:
    for number, attempts in sorted(reading.attempts.items()):
        for one in attempts:
            present = one is attempts[-1] and reading.trials[number].state.active
            if one.is_open and not present:
                what = f"attempt {one.attempt} has no end"
                yield _finding(
                    reading, Code.OPEN_ATTEMPT, number, what, Remedy.CLOSE_ATTEMPT, one.attempt
                )


def _progress(reading: Reading) -> Iterator[Finding]:
    for number in sorted(reading.progress):
        state = reading.trials[number].state
        if not state.active:
            what = f"{state.value}, and still among the running trials' progress"
            yield _finding(reading, Code.STALE_PROGRESS, number, what, Remedy.CLEAR_PROGRESS)


def _checkpoints(reading: Reading) -> Iterator[Finding]:
    for number in sorted(reading.lost_checkpoints):
        path = reading.trials[number].checkpoint
        what = f"its checkpoint is gone: {path}"
        yield _finding(
            reading, Code.MISSING_CHECKPOINT, number, what, Remedy.FORGET_CHECKPOINT, path
        )


def _commands(reading: Reading) -> Iterator[Finding]:
    for command in reading.overdue:
        what = f"'{command.kind}', asked by {command.requested_by}, was never answered"
        yield _finding(
            reading, Code.OVERDUE_COMMAND, command.number, what, Remedy.EXPIRE, command.id
        )


def _study(reading: Reading) -> Iterator[Finding]:
    asking, state = reading.study.asking, reading.study.state
    if asking is not None and reading.presence(asking) is Presence.GONE:
        what = "a controller that is gone has the turn at asking for a trial"
        yield _finding(reading, Code.STALE_TURN, None, what, Remedy.RELEASE_TURN, asking)
    if state in _LEFT_IN and not reading.is_run and not has_adoptable_trainer(reading):
        what = f"{state.value}, but nobody runs it"
        yield _finding(reading, Code.STALE_STUDY_STATE, None, what, Remedy.SETTLE, state.value)


def _controllers(reading: Reading) -> Iterator[Finding]:
    """Only here is it certain that one is gone: one elsewhere may come back, and still be heard."""
    for controller, presence in reading.presences.items():
        one = reading.controllers[controller]
        name = f"its controller, process {one.pid} on {one.host}"
        if presence is Presence.GONE and one.host == reading.host:
            what = f"{name}, was killed"
            yield _finding(reading, Code.DEAD_CONTROLLER, None, what, Remedy.SIGN_OUT, controller)
        elif presence is not Presence.ALIVE:
            what = f"{name}, has been silent since {moment(one.heartbeat_at)}: wake it, or end it"
            yield _finding(reading, Code.SILENT_CONTROLLER, None, what, None, controller)


def _finding(
    reading: Reading,
    code: Code,
    number: int | None,
    what: str,
    remedy: Remedy | None,
    about: int | str | None = None,
) -> Finding:
    return Finding(reading.study.name, code, number, what, remedy, about)
