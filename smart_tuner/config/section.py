"""The base of every section of ``study.yaml``."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen and closed: an unknown key is an error. Errors never quote values (a secret's)."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )
