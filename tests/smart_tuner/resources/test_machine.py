"""What this machine offers."""

import os
import subprocess
import sys

import psutil
import pytest

from smart_tuner.resources.machine import this_machine

# Takes memory, says so, and waits.
TAKES = "taken = b'x' * (200 * 2**20); print('ready', flush=True); input()"


def test_cores_are_those_that_this_process_may_use() -> None:
    mine = os.sched_getaffinity(0)
    assert 1 <= this_machine().cores <= len(mine)
    os.sched_setaffinity(0, {min(mine)})
    try:
        assert this_machine().cores == 1
    finally:
        os.sched_setaffinity(0, mine)


def test_gpus_are_those_that_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert this_machine().gpus == ()


def test_memory_is_what_is_free_and_what_trainers_have_already() -> None:
    assert 0 < this_machine().memory_mb <= psutil.virtual_memory().total / 2**20
    process = subprocess.Popen(
        [sys.executable, "-c", TAKES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        without, counted = this_machine(), this_machine([process.pid])
        process.kill()
    assert counted.memory_mb - without.memory_mb > 150
    assert abs(this_machine([process.pid]).memory_mb - this_machine().memory_mb) < 150
