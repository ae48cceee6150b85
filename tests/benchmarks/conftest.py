"""What the benchmarks' tests share: one thread, small sizes, a setting."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks are part of the checkout, not of what is installed

from benchmarks.clock import Clock  # noqa: E402
from benchmarks.setting import Setting  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def checkout() -> Path:
    """A stand-in for a checkout of NVIDIA/tacotron2."""
    return Path(__file__).parent / "checkout"


@pytest.fixture
def setting(tmp_path: Path) -> Callable[..., Setting]:
    """Makes a setting at small sizes, with changes."""

    def make(**changes: Any) -> Setting:
        given = {"device": CPU, "clock": Clock("CPU", CPU), "threads": 1, "quick": True}
        return Setting(**{**given, "checkout": None, "folder": tmp_path, **changes})

    return make
