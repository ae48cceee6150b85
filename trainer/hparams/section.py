"""The base of the sections that make up the hyperparameters."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails


class Section(BaseModel):
    """Frozen; an unknown name is an error, and ``true`` is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _true_is_not_one(cls, values: Any) -> Any:
        """Python takes ``True`` for 1, and pydantic with it; a person who writes it errs."""
        if not isinstance(values, Mapping):
            return values
        wrong = [
            InitErrorDetails(type=f"{kind}_type", loc=(name,), input=value)
            for name, value in values.items()
            if isinstance(value, bool) and (kind := cls._number_expected(name))
        ]
        if wrong:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return values

    @classmethod
    def _number_expected(cls, name: str) -> str | None:
        """``int`` or ``float`` where the field takes that, perhaps beside None; else None."""
        field = cls.model_fields.get(name)
        kinds = {field.annotation, *get_args(field.annotation)} if field else set()
        if bool in kinds:
            return None
        return next((kind.__name__ for kind in (int, float) if kind in kinds), None)
