"""What is wrong with a value, in plain words."""

import math
import re
from typing import Any

from pydantic_core import ErrorDetails

from trainer.hparams.suggestion import suggestion

_WORDS = {
    "a whole number": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "a number": ("float_type", "float_parsing"),
    "true or false": ("bool_type", "bool_parsing"),
    "text": ("string_type",),
    "a list": ("list_type", "tuple_type"),
    "a path": ("path_type",),
}
_EXPECTED = {kind: words for words, kinds in _WORDS.items() for kind in kinds}


def expectation(problem: ErrorDetails) -> str:
    """``input should be a whole number``; the nearest of a few legal words is suggested."""
    kind, text = problem["type"], problem["msg"]
    if kind in _EXPECTED:
        text = f"Input should be {_EXPECTED[kind]}"
    elif kind.startswith(("less_than", "greater_than")) and not _is_finite(problem["input"]):
        text = "Input should be a finite number"
    elif kind == "literal_error":
        text += suggestion(str(problem["input"]), re.findall(r"'([^']*)'", text))
    return text[0].lower() + text[1:]


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return True  # whatever is wrong with it, it is another thing
