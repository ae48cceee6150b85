"""Where a trainer is, on request."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trainer import events
from trainer.events import EventReader
from trainer.paths import RunPaths
from trainer.stack_dump import REQUEST, stacks_on_request

Command = Callable[..., list[str]]
Start = Callable[[list[str]], subprocess.Popen[str]]

# Says when it listens, and goes on once it is told to.
LISTENING = """
import sys
from pathlib import Path
from trainer.stack_dump import stacks_on_request

def innermost():
    print("ready", flush=True)
    sys.stdin.readline()

with stacks_on_request(Path(sys.argv[1])):
    innermost()
print("left", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that blocks in C code and can be asked for its stacks."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING, str(tmp_path / "stacks.txt")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def line_break(process: subprocess.Popen[str]) -> str:
    """Let the process go on; what it says next."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_every_request_is_answered(listening: subprocess.Popen[str], tmp_path: Path) -> None:
    stacks = tmp_path / "stacks.txt"
    assert stacks.read_bytes() == b""
    for times in (1, 2):
        listening.send_signal(REQUEST)
        wait_for(lambda n=times: stacks.read_text().count("in <module>") == n)
        assert stacks.read_text().count("in innermost") == times
    assert line_break(listening) == "left\n"
    assert stacks.exists()


def test_whoever_was_not_asked_leaves_nothing(
    listening: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert line_break(listening) == "left\n"
    assert list(tmp_path.iterdir()) == []
    listening.send_signal(REQUEST)  # too late, and harmless
    assert line_break(listening) == ""
    assert listening.wait(60) == 0


@pytest.fixture
def handler() -> Iterator[None]:
    """Puts this process's own handler back."""
    before = signal.getsignal(REQUEST)
    yield
    signal.signal(REQUEST, before)


@pytest.mark.usefixtures("handler")
def test_where_no_file_can_be_opened_the_work_is_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with stacks_on_request(tmp_path / "nowhere" / "stacks.txt"):
        signal.raise_signal(REQUEST)
    assert "nobody can ask for stacks" in caplog.text


@pytest.mark.parametrize("command", ["train", "estimate"])
def test_a_trainer_says_where_it_is(
    tmp_path: Path, trainer_command: Command, start: Start, command: str
) -> None:
    paths = RunPaths(tmp_path / "run")
    argv = trainer_command(paths.root, "--steps", "5000", "--evaluate-every", "5000")
    position = argv.index("trainer") + 1
    process = start([*argv[:position], command, *argv[position:]])
    wait_for(lambda: paths.stacks.exists() or process.poll() is not None)

    def answered() -> bool:
        process.send_signal(REQUEST)  # the first may have come before it listened
        return "in _run" in paths.stacks.read_text()

    wait_for(answered)
    if command == "train":
        process.terminate()
    assert process.wait(120) == (3 if command == "train" else 0)
    assert isinstance(EventReader(paths.events).poll()[-1], events.Ended)
