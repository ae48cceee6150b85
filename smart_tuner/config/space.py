"""The search space as Optuna takes it."""

from collections.abc import Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
)

from smart_tuner.config.parameters import (
    CategoricalParameter,
    FloatParameter,
    Parameter,
    contains,
    describe_parameter,
)
from trainer.hparams import HParams


def distributions(space: Mapping[str, Parameter]) -> dict[str, BaseDistribution]:
    """By name and in its order, so that a sampler draws alike however the space was written."""
    return {name: distribution(space[name]) for name in sorted(space)}


def distribution(parameter: Parameter) -> BaseDistribution:
    """One parameter's range."""
    if isinstance(parameter, CategoricalParameter):
        return CategoricalDistribution(parameter.choices)
    if isinstance(parameter, FloatParameter):
        return FloatDistribution(parameter.low, parameter.high, parameter.log, parameter.step)
    return IntDistribution(parameter.low, parameter.high, parameter.log, parameter.step)


def starting_point(space: Mapping[str, Parameter], hparams: HParams) -> dict[str, Any]:
    """The values of ``hparams`` that lie in ``space``: a study's first trial; may be partial."""
    return {
        name: value
        for name, value in ((name, getattr(hparams, name)) for name in sorted(space))
        if contains(space[name], value)
    }


def describe(space: Mapping[str, Parameter]) -> dict[str, str]:
    """Each range in a few words, by name."""
    return {name: describe_parameter(space[name]) for name in sorted(space)}


def incompatible(before: Mapping[str, Parameter], after: Mapping[str, Parameter]) -> list[str]:
    """Names whose change Optuna refuses within one study.

    All its trials must agree on a parameter's type, on ``log`` and on every choice; moved bounds
    and parameters that come or go are fine.
    """
    return [
        name for name in sorted(before.keys() & after.keys()) if _clash(before[name], after[name])
    ]


def _clash(before: Parameter, after: Parameter) -> bool:
    try:
        check_distribution_compatibility(distribution(before), distribution(after))
    except ValueError:
        return True
    return False
