from typing import Any

import pytest
from pydantic import ValidationError

from trainer.hparams import HParams
from trainer.hparams.section import Section


class Sizes(Section):
    """One field of each kind."""

    whole: int = 1
    maybe: int | None = None
    real: float = 1.0
    maybe_real: float | None = None
    switch: bool = False
    either: bool | int = False
    anything: Any = None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("whole", "int_type"),
        ("maybe", "int_type"),
        ("real", "float_type"),
        ("maybe_real", "float_type"),
    ],
)
@pytest.mark.parametrize("value", [True, False])
def test_truth_is_no_number(name: str, kind: str, value: bool) -> None:
    with pytest.raises(ValidationError) as raised:
        Sizes.model_validate({name: value})
    (error,) = raised.value.errors()
    assert (error["type"], error["loc"], error["input"]) == (kind, (name,), value)


@pytest.mark.parametrize("name", ["switch", "either", "anything"])
def test_truth_is_truth(name: str) -> None:
    assert getattr(Sizes.model_validate({name: True}), name) is True


def test_numbers_are_numbers_as_text_too() -> None:
    sizes = Sizes.model_validate({"whole": "3", "real": 2, "maybe": None, "switch": "true"})
    assert (sizes.whole, sizes.real, sizes.maybe, sizes.switch) == (3, 2.0, None, True)


def test_hyperparameters_are_such_sections() -> None:
    with pytest.raises(ValidationError, match="batch_size\n  Input should be a valid integer"):
        HParams(batch_size=True)
    assert HParams(use_ddc=True).use_ddc
