"""How many trials run at once, as people write it: a number, or ``auto``."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

AUTO: Literal["auto"] = "auto"
"""As many as the machine has room for."""
_NUMBER: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=256)])


def _jobs(value: Any) -> int | Literal["auto"]:
    if isinstance(value, str) and value.strip().lower() == AUTO:
        return AUTO
    try:
        return _NUMBER.validate_python(value)
    except ValidationError as error:
        if error.errors()[0]["type"].startswith("int_"):
            expected = "Input should be a whole number, or auto"
            raise PydanticCustomError("jobs", expected) from None
        raise


# One validator: of a union, pydantic would tell one problem for each of its members.
Jobs = Annotated[int | Literal["auto"], PlainValidator(_jobs)]
"""1 to 256, or ``auto``."""
