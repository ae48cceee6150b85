from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit
from smart_tuner.search.objectives import objective_values
from storage.trials import Trials

Workshop = Any
METRICS = {"quality": 0.9, "validation.loss": 0.4, "mcd": 5.0, "train.loss": 1.0}
SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 1e-3, "high": 3e-2, "log": True},
    "guide_g": {"type": "float", "low": 0.1, "high": 0.9},
}


@pytest.mark.parametrize(
    ("objectives", "values"),
    [(("quality",), (0.9,)), (("val_loss",), (0.4,)), (("mcd", "quality"), (5.0, 0.9))],
)
def test_an_objective_is_a_metric(objectives: Any, values: tuple[float, ...]) -> None:
    assert objective_values(METRICS, objectives) == values


def test_validation_loss_is_minimised(workshop: Workshop) -> None:
    ran = workshop.run(study={"trials": 4, "objective": "val_loss"}, space=SPACE)
    assert ran.code is TunerExit.FINISHED
    trials = workshop.trials()
    for trial in trials:
        assert trial.value == trial.metrics["validation.loss"]
        assert workshop.optuna_trials()[trial.number].values == [trial.value]
    best = min(trials, key=lambda trial: trial.value)
    assert best.value < max(trial.value for trial in trials)
    assert f"Best trial: {best.number}" in ran.out
    with workshop.optuna_study() as study:
        assert study.best_trial.number == best.number


def test_several_objectives_give_a_pareto_front(workshop: Workshop) -> None:
    """In the stub trainer, ``mcd`` falls with guide_g and the quality has its peak elsewhere."""
    sections: dict[str, Any] = {"study": {"trials": 6, "objective": "quality, mcd"}, "space": SPACE}
    ran = workshop.run(**sections)
    assert ran.code is TunerExit.FINISHED
    trials = {trial.number: trial for trial in workshop.trials()}
    for number, trial in trials.items():
        assert trial.values == (trial.metrics["quality"], trial.metrics["mcd"])
        assert workshop.optuna_trials()[number].values == list(trial.values)
        assert workshop.optuna_trials()[number].intermediate_values == {}
    with workshop.optuna_study() as study:
        front = {trial.number for trial in study.best_trials}
    with workshop.database() as database:
        ours = Trials(database).pareto_front("speech", ("maximize", "minimize"))
    assert {trial.number for trial in ours} == front
    assert 1 < len(front) < len(trials)
    for number in trials:
        assert (f"Best trial: {number}" in ran.out) is (number in front)
    assert "is done" in workshop.run(**sections).out
