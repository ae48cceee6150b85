"""What a study optimises, as values of an evaluation's metrics."""

from collections.abc import Mapping, Sequence

from smart_tuner.config.sections import Objective

METRICS: Mapping[Objective, str] = {
    "quality": "quality",
    "val_loss": "validation.loss",
    "mcd": "mcd",
}


def objective_values(
    metrics: Mapping[str, float], objectives: Sequence[Objective]
) -> tuple[float, ...]:
    """One value an objective, in their order."""
    return tuple(metrics[METRICS[objective]] for objective in objectives)
