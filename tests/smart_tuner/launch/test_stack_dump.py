"""What is known of a trainer that says nothing: told by real processes that hang in many ways."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from smart_tuner.launch.stack_dump import dump_stacks
from trainer.paths import RunPaths

Hang = Callable[..., psutil.Process]
WaitUntil = Callable[..., None]

# A trainer as far as a stalled one is concerned: listens, says that it is ready, and hangs.
LISTENS = """
import ctypes, select, signal, subprocess, sys, threading, time
from pathlib import Path
from trainer.stack_dump import stacks_on_request

def ready():
    print("ready", flush=True)

def hang_here():
    {hang}

with stacks_on_request(Path(sys.argv[1])):
    hang_here()
"""
SLEEP = "ready(); time.sleep(600)"
THREAD = "threading.Thread(target=time.sleep, args=(600,)).start()"
HANGS = {
    "busy": "ready()\n    while True: pass",
    "sleep": SLEEP,
    "select": "ready(); select.select([sys.stdin], [], [])",
    "holding the GIL": "ready()\n    while True: ctypes.PyDLL(None).sleep(600)",
    "threads": f"[{THREAD} for _ in range(20)]; ready(); threading.Event().wait()",
}
DEAF = "print('ready', flush=True); import time; time.sleep(600)"


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path)


@pytest.fixture
def hang(paths: RunPaths, wait_until: WaitUntil) -> Iterator[Hang]:
    """Starts Python code that says when it is ready, and hangs."""
    processes: list[subprocess.Popen[str]] = []

    def start(code: str) -> psutil.Process:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(paths.stacks)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return psutil.Process(process.pid)

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", HANGS)
def test_a_trainer_that_hangs_tells_where(how: str, hang: Hang, paths: RunPaths) -> None:
    process = hang(LISTENS.format(hang=HANGS[how]))
    begun = time.monotonic()
    report = dump_stacks(process.pid, paths)
    assert time.monotonic() - begun < 2.0
    assert report == paths.root / "debug" / "stalled_1.txt"
    said = report.read_text(encoding="utf-8")
    assert said.count("most recent call first") == (21 if how == "threads" else 1)
    assert said.count(" in hang_here\n") == said.count(" in <module>\n") == 1
    assert "no stacks" not in said
    assert said.count("\nthread ") == process.num_threads()
    share = float(said.split("just now ")[1].split(" %")[0])
    assert (share > 5) is (how == "busy")
    # The trainer can be asked again, and goes on listening to the same, empty file.
    assert paths.stacks.read_bytes() == b""
    again = dump_stacks(process.pid, paths).read_text(encoding="utf-8")
    assert " in hang_here\n" in again
    assert {path.name for path in (paths.root / "debug").iterdir()} == {
        "stalled_1.txt", "stalled_2.txt"
    }  # fmt: skip


def test_a_stopped_process_is_not_asked(hang: Hang, paths: RunPaths, wait_until: WaitUntil) -> None:
    process = hang(LISTENS.format(hang=SLEEP))
    process.suspend()
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
    said = dump_stacks(process.pid, paths).read_text(encoding="utf-8")
    assert "status: stopped" in said
    assert "no stacks: a process that is 'stopped' answers nothing" in said
    process.resume()
    time.sleep(0.2)
    assert paths.stacks.read_bytes() == b"", "it was asked, and answered when nobody waited"


@pytest.mark.parametrize("left_behind", [True, False])
def test_a_process_without_a_handler_lives_on(
    left_behind: bool, hang: Hang, paths: RunPaths
) -> None:
    """An earlier attempt that was killed leaves its file."""
    if left_behind:
        paths.stacks.touch()
    process = hang(DEAF)
    said = dump_stacks(process.pid, paths).read_text(encoding="utf-8")
    assert "status: sleeping" in said
    assert "no stacks: the trainer does not listen, or not yet" in said
    assert process.is_running()
    assert process.status() == psutil.STATUS_SLEEPING


def test_who_does_not_answer_is_not_waited_for(hang: Hang, paths: RunPaths) -> None:
    """As one that the kernel does not let go."""
    code = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); "
    process = hang(LISTENS.format(hang=code + SLEEP))
    begun = time.monotonic()
    said = dump_stacks(process.pid, paths, wait_seconds=0.3).read_text(encoding="utf-8")
    assert time.monotonic() - begun < 2.0
    assert "no stacks: no answer within 0.3 s" in said
    assert "status: sleeping" in said


def test_what_was_told_to_others_stays(hang: Hang, paths: RunPaths) -> None:
    process = hang(LISTENS.format(hang=SLEEP))
    paths.stacks.write_text("asked by hand\n", encoding="utf-8")
    assert " in hang_here\n" in dump_stacks(process.pid, paths).read_text(encoding="utf-8")
    assert paths.stacks.read_text(encoding="utf-8") == "asked by hand\n"


def test_children_are_named(hang: Hang, paths: RunPaths) -> None:
    child = "subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL)"
    process = hang(LISTENS.format(hang=f"{child}; {HANGS['sleep']}"))
    time.sleep(0.3)
    said = dump_stacks(process.pid, paths).read_text(encoding="utf-8")
    (one,) = process.children()
    assert f"child {one.pid}: sleep, sleeping" in said
    one.kill()


@pytest.mark.parametrize("reaped", [True, False])
def test_of_a_process_that_has_ended_that_is_said(reaped: bool, paths: RunPaths) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    while psutil.Process(ended.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    if reaped:
        ended.wait()
    said = dump_stacks(ended.pid, paths).read_text(encoding="utf-8")
    assert "it has ended" in said
    assert "no stacks" in said
    ended.wait()


def test_a_report_that_can_not_be_written_is_an_error(hang: Hang, paths: RunPaths) -> None:
    process = hang(LISTENS.format(hang=SLEEP))
    (paths.root / "debug").write_text("in the way", encoding="utf-8")
    with pytest.raises(OSError, match="debug"):
        dump_stacks(process.pid, paths)
    os.kill(process.pid, signal.SIGTERM)
