"""Choosing a device."""

import pytest
import torch

from trainer.devices import choose_device
from trainer.exit_codes import BadInputError


def test_known_names() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu", "device 'gpu' is unknown: use auto, cpu, cuda or cuda:N"),
        ("", "device '' is unknown"),
        ("cuda:x", "device 'cuda:x' is unknown"),
        ("cuda:99", r"device 'cuda:99': this machine has \d+ GPUs"),
        ("meta", "device 'meta' is not supported"),
    ],
)
def test_what_is_no_device(name: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        choose_device(name)
    assert "\n" not in str(caught.value)
