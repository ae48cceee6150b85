"""What somebody outside asks for, the controller does and answers."""

from collections.abc import Callable
from typing import Any

from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import TrialState

Workshop = Any
WaitUntil = Callable[..., None]
STUDY: dict[str, Any] = {
    "study": {"trials": 2, "jobs": 2},
    "trainer": {"steps": 90, "evaluate_every": 30},
}


def test_stop_is_obeyed_and_answered(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    controller = slow_workshop.start(**STUDY)
    wait_until(lambda: slow_workshop.evaluated(0))
    command = slow_workshop.ask("stop")
    assert controller.wait(timeout=30) == TunerExit.STOPPED
    assert slow_workshop.answer(command) == ("done", "stopping with checkpoints")
    assert {trial.state for trial in slow_workshop.trials()} == {TrialState.STOPPED}
    assert slow_workshop.paths(0).last_checkpoint.exists()


def test_prune_ends_one_trial_and_the_study_goes_on(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    controller = slow_workshop.start(**STUDY)
    wait_until(lambda: slow_workshop.evaluated(0) and slow_workshop.evaluated(1))
    command = slow_workshop.ask("prune", number=0)
    assert controller.wait(timeout=30) == TunerExit.FINISHED
    assert slow_workshop.answer(command) == ("done", "trial 0 is pruned")
    pruned, other = slow_workshop.trials()
    assert (pruned.state, pruned.reason) == (TrialState.PRUNED, "stopped")
    assert 30 <= pruned.step < 90
    assert other.state is TrialState.COMPLETE
    assert slow_workshop.optuna_trials()[0].state is OptunaState.PRUNED
    assert slow_workshop.checkpoints(0) == {"last.pt"}


def test_what_cannot_be_done_is_refused(slow_workshop: Workshop, wait_until: WaitUntil) -> None:
    controller = slow_workshop.start(**STUDY)
    wait_until(lambda: slow_workshop.evaluated(0))
    commands = [slow_workshop.ask("prune", number=99), slow_workshop.ask("dance")]
    assert controller.wait(timeout=60) == TunerExit.FINISHED
    for command in commands:
        state, answer = slow_workshop.answer(command)
        assert state == "refused"
        assert "can't be done" in str(answer)
    assert {trial.state for trial in slow_workshop.trials()} == {TrialState.COMPLETE}


def test_what_nobody_was_there_to_hear_stops_no_later_controller(workshop: Workshop) -> None:
    workshop.run(study={"trials": 1})
    command = workshop.ask("stop")
    assert workshop.run(study={"trials": 2}).code is TunerExit.FINISHED
    assert workshop.answer(command) == (
        "refused",
        "nobody ran the study when this was asked: ask again",
    )
