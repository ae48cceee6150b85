"""Who watches a trainer, as its run directory tells it."""

import os
import socket
import time
from pathlib import Path

import pytest

from smart_tuner.launch import lease
from storage.controller_process import ControllerProcess, this_process

PARENT = os.getppid()
ELSEWHERE = ControllerProcess("another-host", 1, 5.0)
ENDED = ControllerProcess(socket.gethostname(), os.getpid(), 5.0)
"""This process's number, when another one had it."""


def test_who_renews_it_is_told(tmp_path: Path) -> None:
    lease.hold(tmp_path / "lease", this_process())
    assert lease.watcher(tmp_path / "lease") == this_process()
    lease.hold(tmp_path / "lease", ELSEWHERE)
    assert lease.watcher(tmp_path / "lease") == ELSEWHERE


def test_nobody_watches_without_a_lease_or_a_name_in_it(tmp_path: Path) -> None:
    assert lease.watcher(tmp_path / "lease") is None
    (tmp_path / "lease").touch()
    assert lease.watcher(tmp_path / "lease") is None


def test_whoever_has_ended_or_is_silent_watches_no_more(tmp_path: Path) -> None:
    lease.hold(tmp_path / "lease", ENDED)
    assert lease.watcher(tmp_path / "lease") is None
    lease.hold(tmp_path / "lease", this_process())
    silent = time.time() - 11
    os.utime(tmp_path / "lease", (silent, silent))
    assert lease.watcher(tmp_path / "lease") is None
    (tmp_path / "lease").touch()
    assert lease.watcher(tmp_path / "lease") == this_process()


def test_on_a_full_disk_it_is_renewed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lease, "write_text", full)
    lease.hold(tmp_path / "lease", this_process())
    assert (tmp_path / "lease").exists()
