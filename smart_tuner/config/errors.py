"""One clear line for whatever is wrong with a configuration."""

from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from smart_tuner.config.schema import Location, Place, place_of
from trainer.hparams.suggestion import suggestion
from trainer.hparams.wording import expectation

_SECRET_SECTIONS = ("storage", "mlflow")
_LONGEST_VALUE = 60
_SECTION_EXPECTED = {"model_type", "model_attributes_type", "dict_type"}


def first_problem(error: ValidationError) -> tuple[Location, str]:
    """Where the first problem lies (its keys), and one line that names it and the remedy.

    A misspelt key comes first: what else is wrong often follows from it. Values of the sections
    ``storage`` and ``mlflow`` are never quoted, since a URL may hold a password.
    """
    problems = error.errors(include_url=False)
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    place = place_of(problem["loc"])
    return place.keys, _message(problem, place)


def _message(problem: ErrorDetails, place: Place) -> str:
    name = ".".join(str(key) for key in place.keys)
    match problem["type"]:
        case "extra_forbidden":
            known = place.section.model_fields
            return f"unknown key '{name}'{suggestion(str(place.keys[-1]), known) or _all(known)}"
        case "missing":
            return f"'{name}' is missing: add it"
        case "too_short":
            return f"{name}: at least one is needed"
        case "union_tag_not_found":
            tag = _tag_key(problem)
            return f"'{name}.{tag}' is missing: choose one of {', '.join(place.tags)}"
        case "union_tag_invalid":
            value = str(problem["ctx"]["tag"])
            meant = suggestion(value, place.tags) or _all(place.tags)
            return f"unknown {name}.{_tag_key(problem)}={value!r}{meant}"
        case "value_error":
            text = problem["msg"].removeprefix("Value error, ")
            return f"{name}: {text}" if name else text
        case kind if kind in _SECTION_EXPECTED:
            return f"{_assignment(problem, place, name)}: 'key: value' lines are expected here"
        case _:
            return f"{_assignment(problem, place, name)}: {expectation(problem)}"


def _tag_key(problem: ErrorDetails) -> str:
    return str(problem["ctx"]["discriminator"]).strip("'")


def _assignment(problem: ErrorDetails, place: Place, name: str) -> str:
    if place.keys and place.keys[0] in _SECRET_SECTIONS:
        return name
    text = repr(problem["input"])
    short = text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
    return f"{name}={short}"


def _all(known: Iterable[str]) -> str:
    return f"; known are {', '.join(known)}"
