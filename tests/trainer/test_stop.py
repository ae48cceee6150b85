"""When to leave: a signal, or a lease that has run out."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.stop import StopRequest


@pytest.fixture
def handlers() -> Iterator[None]:
    """Puts this process's own signal handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("handlers")
def test_a_signal_is_a_request(tmp_path: Path, number: signal.Signals) -> None:
    stop = StopRequest(tmp_path / "lease", 0.0)
    stop.listen()
    assert stop.reason is None
    signal.raise_signal(number)
    assert stop.reason == f"stopped by {number.name}"


def age(lease: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(lease, (then, then))


def test_a_lease_runs_out_and_is_renewed(tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    lease.touch()
    stop = StopRequest(lease, 30.0)
    assert stop.reason is None
    age(lease, 29)
    assert stop.reason is None
    age(lease, 31)
    assert stop.reason == "nobody renewed the lease for 30 s"
    lease.touch()
    assert stop.reason is None


def test_a_lease_that_is_not_there_has_run_out(tmp_path: Path) -> None:
    assert StopRequest(tmp_path / "lease", 5.0).reason == "nobody renewed the lease for 5 s"


def test_without_a_lease_only_signals_count(tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    lease.touch()
    age(lease, 10**6)
    assert StopRequest(lease, 0.0).reason is None
    assert StopRequest(tmp_path / "none", 0.0).reason is None
