"""A study whose trials are rescued, and one whose trials are not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import TrialState
from trainer import events

Workshop = Any
WaitUntil = Callable[..., None]
GOOD, EXPLODING = 6e-3, 0.3
RESCUE_KINDS = ("evaluation", "gradient", "debug_report", "rescued", "learning_rate_adapted")
# Explodes after the first evaluation, at step 3: 4 to 8. Half the rate explodes again, a quarter
# does not.
ONE: dict[str, Any] = {
    "study": {"trials": 1, "rescue": True},
    "trainer": {"steps": 12, "evaluate_every": 3, "hparams": {"learning_rate": EXPLODING}},
    "space": {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}},
}


def test_without_rescue_it_is_pruned(workshop: Workshop) -> None:
    sections = {**ONE, "study": {"trials": 1}}
    assert workshop.run(**sections).code is TunerExit.NO_RESULT
    (trial,) = workshop.trials()
    assert (trial.state, trial.reason, trial.step) == (TrialState.PRUNED, "gradient_explosion", 5)
    assert "restarts" not in trial.metrics
    (told,) = workshop.optuna_trials()
    assert told.constraints == {}
    assert "restarts" not in told.user_attrs
    (started,) = [event for event in workshop.said(0) if isinstance(event, events.Started)]
    assert (started.hparams["rescue"], started.hparams["lr_adapter"]) == (False, False)


def test_a_rescued_trial_goes_on_and_says_so(workshop: Workshop) -> None:
    ran = workshop.run(**ONE)
    assert ran.code is TunerExit.FINISHED
    (trial,) = workshop.trials()
    assert (trial.state, trial.reason, trial.step) == (TrialState.COMPLETE, None, 12)
    assert trial.metrics["restarts"] == 2
    assert trial.metrics["learning_rate_effective"] == EXPLODING / 4
    assert "trial 0 at step 8: gradient_explosion: back to step 3, learning rate x 0.5" in ran.out
    assert "learning rate x 0.25 (restart 2 in a row)" in ran.out
    assert "trial 0 at step 8: gradient_explosion: see runs/speech/0/debug/01_step_" in ran.out
    assert "restarts                 2" in ran.out
    assert "learning_rate_effective  0.075" in ran.out


def test_the_sampler_learns_that_it_was_not_feasible(workshop: Workshop) -> None:
    workshop.run(**ONE)
    (told,) = workshop.optuna_trials()
    assert told.state is OptunaState.COMPLETE
    assert told.constraints == {"restarts": 2.0}
    assert told.user_attrs["restarts"] == 2
    assert told.user_attrs["learning_rate_effective"] == EXPLODING / 4


def test_a_trial_that_needed_no_rescue_is_feasible(workshop: Workshop) -> None:
    trainer = {**ONE["trainer"], "hparams": {"learning_rate": GOOD}}
    workshop.run(**{**ONE, "trainer": trainer})
    (told,) = workshop.optuna_trials()
    assert told.constraints == {"restarts": 0.0}
    assert told.user_attrs["learning_rate_effective"] == GOOD
    assert workshop.trials()[0].metrics["restarts"] == 0


def test_what_came_before_and_after_a_rescue_is_kept(workshop: Workshop) -> None:
    workshop.run(**ONE)
    kept = [(event.kind, event.step) for event in workshop.kept(*RESCUE_KINDS, number=0)]
    explosion = [("gradient", 4), ("evaluation", 6), ("debug_report", 8), ("rescued", 8)]
    explosion += [("learning_rate_adapted", 3)]
    healthy = [("evaluation", 6), ("evaluation", 9), ("evaluation", 12)]
    assert kept == [("evaluation", 3), *explosion, *explosion, *healthy]
    assert [e.payload["to_step"] for e in workshop.kept("rescued")] == [3, 3]
    assert [e.payload["restarts"] for e in workshop.kept("rescued")] == [1, 2]


def test_optuna_is_told_each_step_once_and_the_best_is_what_is_kept(workshop: Workshop) -> None:
    """A step that is repeated after a rescue has another value; Optuna has the first one."""
    workshop.run(**ONE)
    (trial,), (told,) = workshop.trials(), workshop.optuna_trials()
    said = [event for event in workshop.said(0) if isinstance(event, events.Evaluation)]
    assert [event.step for event in said] == [3, 6, 6, 6, 9, 12]
    first = {event.step: event.metrics["quality"] for event in reversed(said)}
    assert told.intermediate_values == first
    best = [event for event in said if event.best][-1]
    assert best.step == 12
    assert told.values == [trial.value] == [best.metrics["quality"]]


def test_rescues_that_do_not_help_end_the_trial(workshop: Workshop) -> None:
    hparams = {"learning_rate": EXPLODING, "rescue_factor": 0.9, "max_restarts": 2}
    ran = workshop.run(**{**ONE, "trainer": {**ONE["trainer"], "hparams": hparams}})
    assert ran.code is TunerExit.NO_RESULT
    (trial,) = workshop.trials()
    assert (trial.state, trial.reason, trial.step) == (TrialState.PRUNED, "gradient_explosion", 8)
    assert trial.evidence == {"gradient.norm": 1e4, "restarts": 2.0}
    assert (trial.status, trial.metrics["restarts"]) == ("CRITICAL", 2)
    (told,) = workshop.optuna_trials()
    assert (told.state, told.constraints) == (OptunaState.PRUNED, {"restarts": 2.0})
    assert workshop.checkpoints(0) == {"last.pt"}


def test_a_rescued_trial_that_is_resumed_is_told_once(
    slow_workshop: Workshop, wait_until: WaitUntil
) -> None:
    """Its second controller reads from the first line on what its first has told already."""

    def rescues() -> list[events.Rescued]:
        return [e for e in slow_workshop.said(0) if isinstance(e, events.Rescued)]

    longer = {**ONE, "trainer": {**ONE["trainer"], "steps": 60}}
    controller = slow_workshop.start(**longer)
    wait_until(lambda: len(rescues()) == 2 and slow_workshop.evaluated(0)[-1] >= 9)
    controller.terminate()
    controller.communicate(timeout=60)
    (stopped,) = slow_workshop.trials()
    assert (stopped.state, stopped.metrics["restarts"]) == (TrialState.PAUSED, 2)
    before = keys(slow_workshop)

    ran = slow_workshop.run(**longer)
    assert ran.code is TunerExit.FINISHED
    assert "back to step" not in ran.out
    (trial,), (told,) = slow_workshop.trials(), slow_workshop.optuna_trials()
    assert (trial.state, trial.step, trial.metrics["restarts"]) == (TrialState.COMPLETE, 60, 2)
    assert trial.metrics["learning_rate_effective"] == EXPLODING / 4
    assert told.constraints == {"restarts": 2.0}
    after = keys(slow_workshop)
    assert after[: len(before)] == before
    assert [step for kind, step, _ in after if kind == "evaluation"][:4] == [3, 6, 6, 6]
    assert [key for key in after if key[0] != "evaluation"] == [
        key for key in before if key[0] != "evaluation"
    ]
    assert sorted(told.intermediate_values) == list(range(3, 61, 3))


def keys(workshop: Workshop) -> list[tuple[str, int, str]]:
    return [
        (event.kind, event.step, json.dumps(dict(event.payload), sort_keys=True))
        for event in workshop.kept(*RESCUE_KINDS, number=0)
    ]


@pytest.mark.parametrize("rescue", [True, False])
def test_switching_it_is_told_when_a_study_goes_on(rescue: bool, workshop: Workshop) -> None:
    calm = {**ONE, "trainer": {**ONE["trainer"], "hparams": {"learning_rate": GOOD}}}
    workshop.run(**{**calm, "study": {"trials": 1, "rescue": not rescue}})
    ran = workshop.run(**{**calm, "study": {"trials": 2, "rescue": rescue}})
    assert ran.code is TunerExit.FINISHED
    assert "study 'speech': rescue changed since its last start" in ran.out
    (event,) = workshop.kept("rescue_changed")
    assert event.payload == {"before": not rescue, "after": rescue}
