"""Whether a search space can be searched: every value must be legal for its hparam."""

from collections.abc import Mapping
from typing import Any, get_origin

from smart_tuner.config.governed import refuse_governed
from smart_tuner.config.parameters import CategoricalParameter, FloatParameter, Parameter
from smart_tuner.config.sections import TrainerSection, typed_hparams
from trainer.hparams import HParams
from trainer.hparams.suggestion import suggestion

_GRID_LIMIT = 500
"""Whole numbers are tried one by one up to this many, else only their bounds."""

_SEARCHED_AS: dict[Any, tuple[str, ...]] = {
    float: ("float", "int", "categorical"),
    int: ("int", "categorical"),
}
"""By the hparam's type; words and true/false are categorical."""


def checked_space(space: Mapping[str, Parameter], trainer: TrainerSection) -> dict[str, Parameter]:
    """``space`` with its choices as :class:`HParams` has them.

    Raises:
        ValueError: no such hparam, one that is fixed too, one that cannot be searched in this
            way, or a value that it cannot take; the message names it.
    """
    if not space:
        raise ValueError("nothing to search: name at least one hparam")
    return {name: _checked(name, parameter, trainer) for name, parameter in space.items()}


def checked_probes(
    probes: tuple[dict[str, Any], ...], trainer: TrainerSection
) -> tuple[dict[str, Any], ...]:
    """Each probe's values as :class:`HParams` has them; ``ValueError`` names a bad one."""
    base = trainer.base_hparams()
    for number, probe in enumerate(probes, start=1):
        if not probe:
            raise ValueError(f"probe {number} is empty: give it at least one hparam")
    return tuple(typed_hparams(probe, base) for probe in probes)


def _checked(name: str, parameter: Parameter, trainer: TrainerSection) -> Parameter:
    if name not in HParams.model_fields:
        raise ValueError(f"unknown hparam '{name}'{suggestion(name, HParams.model_fields)}")
    if name in trainer.hparams:
        raise ValueError(f"'{name}' is fixed in trainer.hparams too: take it out of one of them")
    refuse_governed([name])
    _check_type(name, parameter)
    base = trainer.base_hparams()
    values = [typed_hparams({name: value}, base)[name] for value in _samples(parameter)]
    if isinstance(parameter, CategoricalParameter):
        return parameter.model_copy(update={"choices": tuple(values)})
    return parameter


def _check_type(name: str, parameter: Parameter) -> None:
    annotation = HParams.model_fields[name].annotation
    if get_origin(annotation) is tuple:
        raise ValueError(f"'{name}' is a list and cannot be searched: fix it in trainer.hparams")
    allowed = _SEARCHED_AS.get(annotation, ("categorical",))
    if parameter.type not in allowed:
        raise ValueError(
            f"'{name}' cannot have type={parameter.type}: use type: {' or '.join(allowed)}"
        )


def _samples(parameter: Parameter) -> list[Any]:
    if isinstance(parameter, CategoricalParameter):
        return list(parameter.choices)
    if not isinstance(parameter, FloatParameter):
        grid = range(parameter.low, parameter.high + 1, parameter.step)
        if len(grid) <= _GRID_LIMIT:
            return list(grid)
    return [parameter.low, parameter.high]
