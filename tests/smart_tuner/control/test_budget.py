"""Trainer hours: what they go to, that they end, and the best trial that goes on with the rest."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.control.budget import Phase, finish_steps, phase_of, seconds_per_step
from smart_tuner.exit_codes import TunerExit
from storage.attempts import Attempts
from storage.records import AttemptRecord, StudyState, TrialRecord, TrialRole, TrialState
from storage.status import read
from storage.studies import Studies
from trainer.events import Started, Step

Workshop = Any
WaitUntil = Callable[..., None]
SEARCH, FINISH, SPENT = Phase.SEARCH, Phase.FINISH, Phase.SPENT


@pytest.mark.parametrize(
    ("used", "budget", "finish", "searching", "phase"),
    [
        (1e9, None, 0.4, True, SEARCH),
        (1e9, None, 0.4, False, SEARCH),
        (0, 100, 0.4, True, SEARCH),
        (59, 100, 0.4, True, SEARCH),
        (60, 100, 0.4, True, FINISH),
        (99, 100, 0.4, True, FINISH),
        (100, 100, 0.4, True, SPENT),
        (10, 100, 0.4, False, FINISH),
        (100, 100, 0.4, False, SPENT),
        (10, 100, 0, False, SEARCH),
        (99, 100, 0, True, SEARCH),
        (100, 100, 0, True, SPENT),
    ],
)
def test_what_the_hours_go_to(
    used: float, budget: float | None, finish: float, searching: bool, phase: Phase
) -> None:
    assert phase_of(used, budget, finish, searching=searching) is phase


def attempt(seconds: float, first: int | None, last: int | None) -> AttemptRecord:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return AttemptRecord(
        study="s", number=0, attempt=1, controller="c", host="h", began_at=began,
        seen_at=began + timedelta(seconds=seconds), first_step=first, last_step=last,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("attempts", "pace"),
    [
        ([], None),
        ([attempt(5, None, None)], None),
        ([attempt(5, 0, 0)], None),
        ([attempt(5, 0, 10)], 0.5),
        ([attempt(5, 0, 10), attempt(10, 5, 10)], 1.0),  # what was made twice was paid twice
        ([attempt(5, 0, 10), attempt(5, None, None)], 1.0),  # as was what never came to a step
    ],
)
def test_what_a_step_has_cost(attempts: list[AttemptRecord], pace: float | None) -> None:
    assert seconds_per_step(attempts) == pace


@pytest.mark.parametrize(
    ("done", "left", "pace", "steps"),
    [(100, 50, 0.5, 200), (100, 50.4, 0.5, 200), (100, 0, 0.5, 101), (100, -5, 0.5, 101)],
)
def test_how_long_the_finish_is(done: int, left: float, pace: float, steps: int) -> None:
    assert finish_steps(done, left, pace) == steps


BUDGET, POLLS = 8.0, 3.0
STUDY = {"trials": 50, "budget": BUDGET, "finish": 0.4}
TRAINER = {"steps": 20, "evaluate_every": 5}
SECTIONS: dict[str, Any] = {"study": STUDY, "trainer": TRAINER, "pruner": {"kind": "none"}}


@pytest.fixture
def improving_workshop(slow_workshop: Workshop, tmp_path: Path) -> Workshop:
    """The quality grows with every step: a longer training is a better one."""
    path = Path(slow_workshop.trainer[2])
    script = tmp_path / "improving.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(path.parent)!r})\n"
        "import stub_trainer as stub\n"
        "scores = stub.Run.scores\n"
        "stub.Run.scores = lambda run: scores(run) | {'quality': run.state['step'] / 1000}\n"
        "sys.exit(stub.main())\n"
    )
    python, isolated, _, *options = slow_workshop.trainer
    slow_workshop.trainer = (python, isolated, str(script), *options)
    return slow_workshop


def used_seconds(workshop: Workshop) -> float:
    with workshop.database() as database:
        return Attempts(database).trainer_hours("speech") * 3600.0


def finish_of(workshop: Workshop) -> TrialRecord | None:
    found = [trial for trial in workshop.trials() if trial.role is TrialRole.FINISH]
    assert len(found) <= 1
    return found[0] if found else None


def check_finished(workshop: Workshop, out: str) -> None:
    """The best trial went on to the end of the budget, and its last best checkpoint is named."""
    # By its own pace, it ends a little before; where it is slower, it is asked to leave.
    assert 0.75 * BUDGET < used_seconds(workshop) < BUDGET + POLLS
    finish = finish_of(workshop)
    assert finish is not None
    assert (finish.state, finish.reason) == (TrialState.COMPLETE, None)
    searched = [trial for trial in workshop.trials() if trial.role is TrialRole.TRIAL]
    complete = [trial for trial in searched if trial.state is TrialState.COMPLETE]
    assert complete  # else the budget of this test is too small for this machine
    states = {trial.state for trial in searched}
    assert states <= {TrialState.COMPLETE, TrialState.PAUSED}
    source = max(complete, key=lambda trial: trial.value)
    assert finish.params == source.params
    started = [event for event in workshop.said(finish.number) if isinstance(event, Started)]
    # Its best checkpoint, and a schedule that is stretched over what the budget still buys.
    assert (started[0].step, started[0].resumed) == (TRAINER["steps"], True)
    assert started[0].steps > TRAINER["steps"]
    made = [e.step for e in workshop.said(finish.number) if isinstance(e, Step)]
    assert made == list(range(TRAINER["steps"] + 1, made[-1] + 1))
    assert finish.value > source.value
    best = workshop.paths(finish.number).best_checkpoint
    assert finish.checkpoint == str(best.resolve())
    assert best.exists()
    assert f"Best trial: {finish.number} (finish), value {finish.value:.3f}" in out
    with workshop.database() as database:
        assert read(database, "speech").state is StudyState.FINISHED


def test_the_rest_of_the_budget_goes_to_the_best_trial(improving_workshop: Workshop) -> None:
    ran = improving_workshop.run(**SECTIONS)
    assert ran.code is TunerExit.FINISHED
    check_finished(improving_workshop, ran.out)
    finish = finish_of(improving_workshop)
    assert finish is not None
    assert f"finish {finish.number} goes on from its checkpoint" in ran.out
    told = improving_workshop.optuna_trials()[finish.number]
    assert (told.state.name, told.params, told.intermediate_values) == ("FAIL", {}, {})
    before = improving_workshop.trials()
    assert "is done" in improving_workshop.run(**SECTIONS).out
    assert improving_workshop.trials() == before


@pytest.mark.slow
def test_a_finish_survives_its_controller(
    improving_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = improving_workshop.start(**SECTIONS)
    wait_until(lambda: finish_of(improving_workshop) is not None)
    finish = finish_of(improving_workshop)
    assert finish is not None
    wait_until(lambda: improving_workshop.evaluated(finish.number))
    controller.kill()
    controller.communicate()
    ran = improving_workshop.run(**SECTIONS)
    assert ran.code is TunerExit.FINISHED, ran.out
    check_finished(improving_workshop, ran.out)
    assert len(improving_workshop.attempts(finish.number)) == 1


def test_without_a_finish_all_hours_go_to_the_search(slow_workshop: Workshop) -> None:
    study = {"trials": 50, "budget": 4.0, "finish": 0, "jobs": 2}
    ran = slow_workshop.run(**{**SECTIONS, "study": study})
    assert ran.code in (TunerExit.FINISHED, TunerExit.NO_RESULT)
    assert 4.0 <= used_seconds(slow_workshop) < 4.0 + 2 * POLLS  # of two at once
    assert finish_of(slow_workshop) is None
    assert not any(trial.state.active for trial in slow_workshop.trials())


def test_where_nothing_was_evaluated_the_search_goes_on(slow_workshop: Workshop) -> None:
    """There is nothing to finish: to stop for it would throw the rest of the hours away."""
    study = {"trials": 1, "budget": 5.0, "finish": 0.9}
    trainer = {"steps": 50, "evaluate_every": 50}
    ran = slow_workshop.run(**{**SECTIONS, "study": study, "trainer": trainer})
    assert ran.code is TunerExit.FINISHED, ran.out
    first, *others = slow_workshop.trials()
    assert (first.state, first.step) == (TrialState.COMPLETE, 50)
    assert [trial.role for trial in others] == [TrialRole.FINISH]


def test_a_spent_budget_says_so_and_can_be_taken_away(slow_workshop: Workshop) -> None:
    """Also one that a command has set: nobody says that there is none but to go on."""
    one = {**SECTIONS, "study": {"trials": 1}}
    assert slow_workshop.run(**one).code is TunerExit.FINISHED
    with slow_workshop.database() as database:
        Studies(database).update("speech", settings={"budget": 1.0})
    more = {**SECTIONS, "study": {"trials": 2}}
    out = " ".join(slow_workshop.run(**more).out.split())
    assert "is done: its budget of 1 s is spent. To go on, give it a larger one" in out
    assert len(slow_workshop.trials()) == 1
    slow_workshop.run(**{**SECTIONS, "study": {"trials": 2, "budget": "none"}})
    assert [trial.state for trial in slow_workshop.trials()] == [TrialState.COMPLETE] * 2
