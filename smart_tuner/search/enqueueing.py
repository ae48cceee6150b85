"""Settings of a person's own, to be tried next: whether a study could have drawn them."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from smart_tuner.config.parameters import (
    CategoricalParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    describe_parameter,
)
from trainer.exit_codes import BadInputError
from trainer.hparams.suggestion import suggestion

_SPACE: TypeAdapter[dict[str, Parameter]] = TypeAdapter(dict[str, Parameter])
_FLOAT = TypeAdapter(float)
_INT = TypeAdapter(int)


def read_space(config: Mapping[str, Any]) -> dict[str, Parameter]:
    """The space of a study from its stored configuration; empty where none is stored yet."""
    return _SPACE.validate_python(config.get("space", {}))


def checked_params(space: Mapping[str, Parameter], params: Mapping[str, Any]) -> dict[str, Any]:
    """``params`` (values may be strings) as values of ``space``; what they leave out is drawn.

    Raises:
        BadInputError: nothing is named, a name that is not searched, or a value outside its range.
    """
    if not params:
        raise BadInputError(f"nothing to try: name at least one of {', '.join(sorted(space))}")
    for name in params:
        if name not in space:
            raise BadInputError(
                f"'{name}' is not searched in this study{suggestion(name, space)}; "
                f"searched are {', '.join(sorted(space)) or 'none'}"
            )
    return {name: _checked(name, space[name], value) for name, value in params.items()}


def _checked(name: str, parameter: Parameter, value: Any) -> Any:
    if isinstance(parameter, CategoricalParameter):
        legal = [choice for choice in parameter.choices if _means(value, choice)]
    else:
        number = _number(parameter, value)
        legal = [] if number is None or not contains(parameter, number) else [number]
    if not legal:
        raise BadInputError(
            f"{name}={value} lies outside its range ({describe_parameter(parameter)}): choose a "
            "value inside"
        )
    return legal[0]


def _number(parameter: FloatParameter | IntParameter, value: Any) -> float | int | None:
    """``value`` as a finite number of the parameter's kind; ``None`` where it is none."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(parameter, IntParameter):
            return _INT.validate_python(value)
        number = _FLOAT.validate_python(value)
    except ValidationError:
        return None
    return number if math.isfinite(number) else None


def _means(value: Any, choice: Any) -> bool:
    """Whether ``value``, perhaps as a person types it, is ``choice``: ``1e-3`` is 0.001."""
    if not isinstance(value, str) or isinstance(choice, str):
        return isinstance(value, bool) is isinstance(choice, bool) and bool(value == choice)
    if isinstance(choice, bool) or choice is None:
        return value.lower() == str(choice).lower()
    return _FLOAT.validator.isinstance_python(value) and float(value) == choice
