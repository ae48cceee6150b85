"""From what is seen of a study to what is wrong with it: the table."""

from dataclasses import replace
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.doctor.diagnosis import findings
from smart_tuner.doctor.findings import Code, Finding, Remedy, Severity
from smart_tuner.doctor.presence import Presence
from smart_tuner.doctor.reading import Reading
from storage.clock import utc_now
from storage.optuna_trials import OptunaTrial
from storage.outlines import AttemptOutline, TrialOutline
from storage.records import (
    CommandRecord,
    CommandState,
    ControllerRecord,
    StudyRecord,
    StudyState,
    TrialRole,
    TrialState,
)

S, O = TrialState, OptunaState  # noqa: E741
DEAD, ALIVE, SILENT = "dead", "alive", "silent"
PRESENCES = {DEAD: Presence.GONE, ALIVE: Presence.ALIVE, SILENT: Presence.SILENT}
STOPPED = StudyRecord(name="demo", state=StudyState.STOPPED)


def trial(number: int, state: TrialState, **fields: Any) -> TrialOutline:
    return TrialOutline(number, fields.pop("role", TrialRole.TRIAL), state, **fields)


def theirs(number: int, state: OptunaState, *values: float, is_ours: bool = True) -> OptunaTrial:
    return OptunaTrial(100 + number, number, state, values, is_ours)


def reading(**seen: Any) -> Reading:
    """Of a stopped study on this machine; ``trials`` and ``optuna`` are lists."""
    for name in ("trials", "optuna"):
        if seen.get(name) is not None:
            seen[name] = {one.number: one for one in seen[name]}
    controllers = {
        name: ControllerRecord(id=name, study="demo", host="here", pid=1, process_started_at=0.0)
        for name in seen.pop("controllers", ())
    }
    presences = {name: PRESENCES[name] for name in controllers}
    seen = {"study": STOPPED, "host": "here", **seen}
    return Reading(controllers=controllers, presences=presences, **seen)


def one(seen: Reading) -> Finding:
    (found,) = findings(seen)
    return found


COMPLETE = trial(0, S.COMPLETE, value=0.5)


@pytest.mark.parametrize(
    ("ours", "optuna"),
    [
        (COMPLETE, theirs(0, O.COMPLETE, 0.5)),
        (trial(0, S.COMPLETE, value=1.0, values=(1.0, 2.0)), theirs(0, O.COMPLETE, 1.0, 2.0)),
        (trial(0, S.PRUNED, value=0.5), theirs(0, O.PRUNED, 0.4)),
        (trial(0, S.FAILED), theirs(0, O.FAIL)),
        (trial(0, S.COMPLETE, value=0.5, role=TrialRole.PROBE), theirs(0, O.FAIL)),
        (trial(0, S.COMPLETE, value=0.5, role=TrialRole.FINISH), theirs(0, O.FAIL)),
        (trial(0, S.QUEUED), theirs(0, O.RUNNING)),
        (trial(0, S.PAUSED), theirs(0, O.RUNNING)),
        (trial(0, S.LOST), theirs(0, O.RUNNING)),
        (trial(0, S.RUNNING, controller=ALIVE), theirs(0, O.RUNNING)),
        (None, theirs(0, O.WAITING, is_ours=False)),
    ],
)
def test_agreement(ours: TrialOutline | None, optuna: OptunaTrial) -> None:
    trials = [] if ours is None else [ours]
    assert findings(reading(trials=trials, optuna=[optuna], controllers=[ALIVE])) == []


@pytest.mark.parametrize(
    ("ours", "optuna", "code", "remedy", "what"),
    [
        (
            COMPLETE, theirs(0, O.RUNNING), Code.NOT_TOLD, Remedy.TEACH,
            "complete (0.5) here, running in Optuna",
        ),
        (
            COMPLETE, theirs(0, O.COMPLETE, 0.25), Code.TOLD_OTHERWISE, Remedy.REOPEN,
            "complete (0.5) here, complete (0.25) in Optuna",
        ),
        (
            COMPLETE, theirs(0, O.FAIL), Code.TOLD_OTHERWISE, Remedy.REOPEN,
            "complete (0.5) here, failed in Optuna",
        ),
        (
            COMPLETE, theirs(0, O.WAITING), Code.TOLD_OTHERWISE, Remedy.REOPEN,
            "complete (0.5) here, waiting in Optuna",
        ),
        (
            trial(0, S.PRUNED, role=TrialRole.PROBE), theirs(0, O.PRUNED), Code.TOLD_OTHERWISE,
            Remedy.REOPEN, "probe, pruned here, pruned in Optuna",
        ),
        (
            trial(0, S.PAUSED), theirs(0, O.FAIL), Code.TOLD_OTHERWISE, Remedy.REOPEN,
            "paused here, failed in Optuna",
        ),
        (
            None, theirs(0, O.RUNNING), Code.UNKNOWN_TO_US, Remedy.QUEUE,
            "running in Optuna, not in our tables",
        ),
        (
            None, theirs(0, O.RUNNING, is_ours=False), Code.UNKNOWN_TO_US, Remedy.ASK_AGAIN,
            "running in Optuna, not in our tables",
        ),
        (
            None, theirs(0, O.COMPLETE, 0.5), Code.UNKNOWN_TO_US, Remedy.KEEP,
            "complete (0.5) in Optuna, not in our tables",
        ),
        (
            None, theirs(0, O.COMPLETE, 0.5, is_ours=False), Code.FOREIGN, None,
            "complete (0.5) in Optuna, not in our tables: added by somebody else",
        ),
    ],
)  # fmt: skip
def test_disagreement(
    ours: TrialOutline | None, optuna: OptunaTrial, code: Code, remedy: Remedy | None, what: str
) -> None:
    trials = [] if ours is None else [ours]
    found = one(reading(trials=trials, optuna=[optuna]))
    assert found == Finding("demo", code, 0, what, remedy)


@pytest.mark.parametrize(
    ("optuna", "remedy", "words"),
    [
        (None, Remedy.RESTORE, "which has no such study"),
        ([], Remedy.RESTORE, "unknown to Optuna"),
        ([theirs(0, O.FAIL)], Remedy.RESTORE, "unknown to Optuna"),
        ([theirs(0, O.FAIL), theirs(2, O.FAIL)], None, "restore a backup"),
    ],
)
def test_unknown_to_optuna(optuna: Any, remedy: Remedy | None, words: str) -> None:
    known = [] if optuna is None else [trial(each.number, S.FAILED) for each in optuna]
    seen = reading(trials=[*known, trial(1, S.COMPLETE, value=0.5)], optuna=optuna)
    found = one(seen)
    assert (found.code, found.number, found.remedy) == (Code.UNKNOWN_TO_OPTUNA, 1, remedy)
    assert words in found.what


def active(state: TrialState = S.RUNNING, **seen: Any) -> Reading:
    """Of a study with one trial that should have a trainer."""
    owner = seen.pop("owner", DEAD)
    ours = trial(0, state, controller=owner)
    present = [owner] if owner in (ALIVE, SILENT) else []
    return reading(trials=[ours], optuna=[theirs(0, O.RUNNING)], controllers=present, **seen)


@pytest.mark.parametrize("state", [S.STARTING, S.RUNNING, S.PAUSING, S.RESUMING])
@pytest.mark.parametrize("owner", [DEAD, None])
def test_ownerless(state: TrialState, owner: str | None) -> None:
    found = one(active(state, owner=owner))
    assert (found.code, found.remedy) == (Code.OWNERLESS, Remedy.LOSE)
    assert found.what == f"{state}, but its controller and its trainer are gone"


@pytest.mark.parametrize("word", ["stopped", "unwritable"])
def test_a_trainer_that_left_with_a_checkpoint(word: str) -> None:
    assert one(active(last_words={0: word})).remedy is Remedy.PAUSE


@pytest.mark.parametrize("owner", [ALIVE, SILENT])
def test_what_has_a_controller_is_its_own(owner: str) -> None:
    assert Code.OWNERLESS not in [found.code for found in findings(active(owner=owner))]


def test_adoptable() -> None:
    found = one(active(trainers={0: 42}))
    assert (found.code, found.severity, found.remedy) == (Code.ADOPTABLE, Severity.NOTE, None)
    assert "process 42" in found.what
    ended = one(active(last_words={0: "out_of_memory"}))
    assert (ended.code, ended.severity) == (Code.ADOPTABLE, Severity.NOTE)
    assert "ended since (out of memory)" in ended.what


def test_a_study_with_an_adoptable_trainer_is_not_settled() -> None:
    running = replace(STOPPED, state=StudyState.RUNNING)
    assert one(active(study=running, trainers={0: 42})).code is Code.ADOPTABLE


@pytest.mark.parametrize("state", [S.COMPLETE, S.PAUSED, S.LOST, S.QUEUED])
def test_a_trainer_without_a_trial_that_runs(state: TrialState) -> None:
    ours = trial(0, state, value=0.5)
    told = theirs(0, O.COMPLETE, 0.5) if state.ended else theirs(0, O.RUNNING)
    found = one(reading(trials=[ours], optuna=[told], trainers={0: 42}))
    assert (found.code, found.remedy, found.about) == (
        Code.ORPHAN_PROCESS, Remedy.END_TRAINER, 42
    )  # fmt: skip
    assert found.what == f"process 42 is a trainer of a trial that is {state}"


@pytest.mark.parametrize("owner", [ALIVE, DEAD])
@pytest.mark.parametrize(
    ("attempt", "codes"),
    [
        (AttemptOutline(2, "here", pid=43), [Code.ORPHAN_PROCESS]),
        (AttemptOutline(2, "here", pid=42), []),
        (AttemptOutline(2, "here"), []),  # it has not been noted yet
        (AttemptOutline(2, "elsewhere", pid=43), []),
    ],
)
def test_a_trainer_of_an_earlier_attempt(
    owner: str, attempt: AttemptOutline, codes: list[Code]
) -> None:
    found = findings(active(owner=owner, attempts={0: [attempt]}, trainers={0: 42}))
    assert [one.code for one in found if one.severity is Severity.FAULT] == codes


def test_open_attempts() -> None:
    told = [theirs(0, O.FAIL), theirs(1, O.RUNNING), theirs(2, O.RUNNING)]
    trials = [trial(0, S.FAILED), trial(1, S.RUNNING, controller=ALIVE), trial(2, S.LOST)]
    attempts = {
        0: [AttemptOutline(1, "here"), AttemptOutline(2, "here", is_open=True)],
        1: [AttemptOutline(1, "here", is_open=True), AttemptOutline(2, "here", is_open=True)],
        2: [AttemptOutline(1, "here", is_open=True)],
    }
    found = findings(reading(trials=trials, optuna=told, attempts=attempts, controllers=[ALIVE]))
    assert {each.code for each in found} == {Code.OPEN_ATTEMPT}
    assert [(each.number, each.about) for each in found] == [(0, 2), (1, 1), (2, 1)]


def test_progress_of_what_does_not_run() -> None:
    trials = [trial(0, S.FAILED), trial(1, S.RUNNING, controller=ALIVE)]
    told = [theirs(0, O.FAIL), theirs(1, O.RUNNING)]
    seen = reading(trials=trials, optuna=told, progress={0, 1}, controllers=[ALIVE])
    found = one(seen)
    assert (found.code, found.number) == (Code.STALE_PROGRESS, 0)


def test_a_checkpoint_that_is_gone() -> None:
    ours = COMPLETE._replace(checkpoint="best.pt")
    told = theirs(0, O.COMPLETE, 0.5)
    found = one(reading(trials=[ours], optuna=[told], lost_checkpoints={0}))
    assert (found.code, found.about) == (Code.MISSING_CHECKPOINT, "best.pt")


@pytest.mark.parametrize("holder", [DEAD, "left", ALIVE, SILENT])
def test_the_turn_at_asking(holder: str) -> None:
    present = [holder] if holder != "left" else []
    found = findings(reading(study=replace(STOPPED, asking=holder), controllers=present))
    stale = [each.about for each in found if each.code is Code.STALE_TURN]
    assert stale == ([holder] if holder in (DEAD, "left") else [])


@pytest.mark.parametrize("state", list(StudyState)[:-1])
@pytest.mark.parametrize("controllers", [[], [DEAD], [ALIVE], [SILENT], [DEAD, ALIVE]])
def test_the_state_of_a_study_that_nobody_runs(state: StudyState, controllers: list[str]) -> None:
    found = findings(reading(study=replace(STOPPED, state=state), controllers=controllers))
    stale = any(each.code is Code.STALE_STUDY_STATE for each in found)
    should_run = state in (StudyState.RUNNING, StudyState.PAUSING, StudyState.STOPPING)
    assert stale == (should_run and not {ALIVE, SILENT} & set(controllers))


def test_controllers() -> None:
    found = findings(reading(controllers=[DEAD, ALIVE, SILENT]))
    assert [(each.code, each.severity, each.about) for each in found] == [
        (Code.DEAD_CONTROLLER, Severity.LEFTOVER, DEAD),
        (Code.SILENT_CONTROLLER, Severity.NOTE, SILENT),
    ]


def test_a_controller_elsewhere_is_not_signed_out() -> None:
    """Its database may have been away: it is heard again when that is back."""
    found = one(replace(reading(controllers=[DEAD]), host="there"))
    assert (found.code, found.severity, found.remedy) == (
        Code.SILENT_CONTROLLER, Severity.NOTE, None
    )  # fmt: skip


def test_a_command_that_nobody_answered() -> None:
    command = CommandRecord(
        id=7, study="demo", kind="prune", number=3, arguments={}, requested_by="anna",
        source="bot", requested_at=utc_now(), state=CommandState.PENDING, answered_at=None,
        answer=None,
    )  # fmt: skip
    found = one(reading(overdue=[command]))
    assert (found.code, found.number, found.about) == (Code.OVERDUE_COMMAND, 3, 7)
    assert found.what == "'prune', asked by anna, was never answered"


def test_the_study_first_then_its_trials() -> None:
    trials = [trial(1, S.FAILED), trial(0, S.RUNNING)]
    told = [theirs(0, O.RUNNING), theirs(1, O.RUNNING)]
    running = replace(STOPPED, state=StudyState.RUNNING)
    seen = reading(study=running, trials=trials, optuna=told, progress={1})
    assert [each.code for each in findings(seen)] == [
        Code.STALE_STUDY_STATE, Code.OWNERLESS, Code.NOT_TOLD, Code.STALE_PROGRESS
    ]  # fmt: skip


def test_every_remedy_is_said() -> None:
    for remedy in Remedy:
        assert remedy.wish
        assert remedy.deed
