from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from smart_tuner.config import StudyConfig
from smart_tuner.search.pruners import build_pruner

pytestmark = pytest.mark.filterwarnings("error")

EVERY = 50
STEPS = 500


def pruned_at(
    section: dict[str, Any],
    *,
    good: int = 6,
    grace_steps: int = 150,
    steps: int = STEPS,
    bad: float = 0.1,
) -> int | None:
    """The step at which a bad trial is pruned after ``good`` ones of quality 0.8 ran through."""
    config = StudyConfig(pruner=section)
    pruner = build_pruner(config.pruner, grace_steps=grace_steps, steps=steps, evaluate_every=EVERY)
    study = optuna.create_study(direction="maximize", pruner=pruner, study_name="s")
    for number in range(good):
        trial = study.ask()
        report(trial, 0.8 + number / 100, steps)
        study.tell(trial, 0.8)
    trial = study.ask()
    stopped = report(trial, bad, steps)
    study.tell(trial, None if stopped else bad, state=TrialState.PRUNED if stopped else None)
    return stopped


def report(trial: optuna.Trial, quality: float, steps: int) -> int | None:
    for step in range(EVERY, steps + 1, EVERY):
        trial.report(quality - 1 / step, step)
        if trial.should_prune():
            return step
    return None


@pytest.mark.parametrize(
    ("section", "step"),
    [
        ({}, 300),
        ({"kind": "median"}, 300),
        ({"kind": "median", "n_warmup_steps": 100}, 100),
        ({"kind": "median", "n_startup_trials": 7}, None),
        ({"kind": "successive_halving"}, 150),
        ({"kind": "successive_halving", "min_resource": 70}, 100),
        ({"kind": "successive_halving", "min_early_stopping_rate": 1}, 450),
        ({"kind": "hyperband", "min_resource": 400}, 400),
        ({"kind": "none"}, None),
    ],
)
def test_when_a_bad_trial_is_pruned(section: dict[str, Any], step: int | None) -> None:
    assert pruned_at(section) == step


def test_the_warm_up_follows_the_grace_period() -> None:
    assert pruned_at({}, grace_steps=20) == EVERY
    assert pruned_at({}, grace_steps=110) == 250
    assert pruned_at({"kind": "successive_halving"}, grace_steps=110) == 150


def test_a_good_trial_is_left_alone() -> None:
    for kind in ("median", "patient", "hyperband", "successive_halving"):
        assert pruned_at({"kind": kind}, bad=0.95) is None


def test_hyperband_has_a_bracket_even_where_trials_are_shorter_than_the_grace_period() -> None:
    assert pruned_at({"kind": "hyperband"}, grace_steps=8000) in (None, STEPS)
    assert pruned_at({"kind": "successive_halving"}, grace_steps=8000) in (None, STEPS)


def test_hyperband_prunes_no_earlier_than_the_grace_period() -> None:
    stops = {pruned_at({"kind": "hyperband"}, good=good) for good in range(12, 18)}
    assert stops <= {150, 450, None}
    assert stops & {150, 450}


def test_the_patient_pruner_waits_while_a_trial_improves() -> None:
    """The same bad values: rising ones are borne, falling ones are not."""
    assert pruned_at({"kind": "patient"}) is None
    assert falling_pruned_at({"kind": "patient", "patience": 3}) == 300
    assert falling_pruned_at({"kind": "patient", "patience": 7}) == 450


def falling_pruned_at(section: dict[str, Any]) -> int | None:
    config = StudyConfig(pruner=section)
    pruner = build_pruner(config.pruner, grace_steps=150, steps=STEPS, evaluate_every=EVERY)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    for _ in range(5):
        trial = study.ask()
        report(trial, 0.8, STEPS)
        study.tell(trial, 0.8)
    trial = study.ask()
    for step in range(EVERY, STEPS + 1, EVERY):
        trial.report(0.2 - step / 10_000, step)
        if trial.should_prune():
            return step
    return None
