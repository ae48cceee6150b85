"""When to leave: a signal, or a lease that has run out."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.stop import StopRequest

LEASE = 0.3


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


def test_a_lease_runs_out_and_is_renewed(tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    lease.touch()
    stop = StopRequest(lease, LEASE)
    begun = time.monotonic()
    while time.monotonic() - begun < 2 * LEASE:
        lease.touch()
        assert stop.reason is None
        time.sleep(LEASE / 10)
    time.sleep(1.1 * LEASE)
    assert stop.reason == f"nobody renewed the lease for {LEASE:g} s"
    lease.touch()
    assert stop.reason is None


@pytest.mark.parametrize("seconds", [-3600, 3600, 10 * 365 * 86_400])
def test_a_clock_that_jumps_ends_nothing(tmp_path: Path, seconds: float) -> None:
    """Whether it is the trainer's clock that was set or the file server's: both are the same."""
    lease = tmp_path / "lease"
    lease.touch()
    set_clock(lease, seconds)
    stop = StopRequest(lease, LEASE)
    assert stop.reason is None
    for jump in (-2 * seconds, seconds, 0):
        set_clock(lease, jump)
        assert stop.reason is None
    time.sleep(1.1 * LEASE)
    assert stop.reason is not None


def set_clock(lease: Path, seconds: float) -> None:
    """Renew ``lease`` by a clock that is ``seconds`` fast."""
    then = time.time() + seconds
    os.utime(lease, (then, then))


def test_who_looks_seldom_sees_every_renewal(tmp_path: Path) -> None:
    """A step may take longer than the lease."""
    lease = tmp_path / "lease"
    lease.touch()
    stop = StopRequest(lease, LEASE)
    time.sleep(1.1 * LEASE)
    lease.touch()
    time.sleep(1.1 * LEASE)
    assert stop.reason is None
    time.sleep(1.1 * LEASE)
    assert stop.reason is not None


def test_a_lease_that_was_never_there_runs_out_in_its_time(tmp_path: Path) -> None:
    stop = StopRequest(tmp_path / "lease", LEASE)
    assert stop.reason is None
    time.sleep(1.1 * LEASE)
    assert stop.reason is not None


def test_a_lease_that_was_taken_away_has_run_out(tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    stop = StopRequest(lease, 60.0)
    lease.touch()
    assert stop.reason is None
    lease.unlink()
    assert stop.reason == "nobody renewed the lease for 60 s"
    lease.touch()
    assert stop.reason is None


def test_without_a_lease_only_signals_count(tmp_path: Path) -> None:
    assert StopRequest(tmp_path / "lease", 0.0).reason is None
