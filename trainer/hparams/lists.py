"""Hyperparameters that are lists, and how they are written."""

from typing import get_args, get_origin

from pydantic.fields import FieldInfo

LIST_FAULTS = frozenset({"tuple_type", "list_type", "too_long", "too_short", "missing"})
"""pydantic's kinds of errors about a list as a whole."""


def list_expectation(name: str, field: FieldInfo) -> str | None:
    """``input should be a list of 2 numbers, such as prenet_dims=[256,256]``; None: no list."""
    if get_origin(field.annotation) is not tuple:
        return None
    items = get_args(field.annotation)
    length = "one number or more" if Ellipsis in items else f"{len(items)} numbers"
    example = ",".join(str(item) for item in field.default)
    return f"input should be a list of {length}, such as {name}=[{example}]"
