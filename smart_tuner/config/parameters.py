"""One searched hyperparameter: the entries of the section ``space``."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from smart_tuner.config.section import Section


class FloatParameter(Section):
    """A real number between two bounds, both included."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _check_bounds(self.low, self.high, self.step)
        if self.log and self.step is not None:
            raise ValueError("log and step exclude each other: leave one out")
        if self.log and self.low <= 0:
            raise ValueError(f"low={self.low:g} must lie above 0 where log is true")
        return self


class IntParameter(Section):
    """A whole number between two bounds, both included."""

    type: Literal["int"]
    low: int
    high: int
    log: bool = False
    step: int = Field(1, gt=0)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _check_bounds(self.low, self.high, self.step)
        if self.log and self.step != 1:
            raise ValueError("log and step exclude each other: leave one out")
        if self.log and self.low < 1:
            raise ValueError(f"low={self.low} must be at least 1 where log is true")
        return self


class CategoricalParameter(Section):
    """One of several values, in no order."""

    type: Literal["categorical"]
    choices: tuple[Any, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for index, choice in enumerate(self.choices):
            if choice in self.choices[:index]:
                raise ValueError(f"choices name {choice!r} twice: leave one out")
        return self


Parameter = Annotated[
    FloatParameter | IntParameter | CategoricalParameter, Field(discriminator="type")
]
"""A hyperparameter's range; ``type`` says of which kind."""


def contains(parameter: Parameter, value: Any) -> bool:
    """Whether a trial with ``value`` could have been drawn from this range."""
    if isinstance(parameter, CategoricalParameter):
        return value in parameter.choices
    if not parameter.low <= value <= parameter.high:
        return False
    return parameter.step is None or _is_multiple(parameter.low, value, parameter.step)


def describe_parameter(parameter: Parameter) -> str:
    """A range in a few words, for tables and logs: ``float 0.001 … 0.02, log``."""
    if isinstance(parameter, CategoricalParameter):
        return f"one of {', '.join(str(choice) for choice in parameter.choices)}"
    notes = ", log" if parameter.log else ""
    if parameter.step is not None and parameter.step != 1:
        notes += f", step {parameter.step:g}"
    return f"{parameter.type} {parameter.low:g} … {parameter.high:g}{notes}"


def _check_bounds(low: float, high: float, step: float | None) -> None:
    if low > high:
        raise ValueError(f"low={low:g} lies above high={high:g}: swap them")
    if step is not None and not _is_multiple(low, high, step):
        raise ValueError(
            f"high={high:g} is not low={low:g} plus a multiple of step={step:g}: change one of them"
        )


def _is_multiple(low: float, value: float, step: float) -> bool:
    """Whether ``value`` is ``low`` plus a multiple of ``step``, in decimals as written."""
    return (Decimal(str(value)) - Decimal(str(low))) % Decimal(str(step)) == 0
