"""Processes that load batches, and what becomes of them with the trainer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

# A trainer without a model: it notes signals, says when it is loading, and how far it came.
PROGRAM = """
import signal, sys, time
from pathlib import Path
from trainer.corpus import load_corpus
from trainer.data import BatchOrder, MelStore, build_datasets
from trainer.data.loader import BatchLoader
from trainer.hparams import HParams

corpus, cache, n_batches, pause = sys.argv[1:]
noted = []
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, frame: noted.append(number))
hparams = HParams(symbols="en", batch_size=4)
dataset = build_datasets(
    load_corpus(Path(corpus)), hparams, MelStore(Path(cache), hparams), lambda u, _: u
)
order = BatchOrder([item.n_frames for item in dataset.training], 4, 0)
loader = BatchLoader(dataset, order, hparams, workers=2)
batches = loader.batches(0)
next(batches)
print("loading", flush=True)
end = time.monotonic() + float(pause)
while time.monotonic() < end:
    time.sleep(0.1)
for batch, _ in zip(batches, range(int(n_batches))):
    pass
print(batch.step, sorted(map(int, noted)), flush=True)
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def loading(small_corpus: Path, cache_dir: Path) -> Iterator[Start]:
    """Starts the program in a process group of its own, and waits until it loads."""
    started: list[subprocess.Popen[str]] = []

    def start(n_batches: int, pause: float) -> "subprocess.Popen[str]":
        arguments = (str(small_corpus), str(cache_dir), str(n_batches), str(pause))
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):  # the whole group has left, as it should
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Two workers and Python's resource tracker."""
    found = psutil.Process(process.pid).children(recursive=True)
    assert len(found) == 3
    return found


def seconds_until_gone(processes: list[psutil.Process]) -> float:
    begun = time.monotonic()
    psutil.wait_procs(processes, timeout=30)
    return time.monotonic() - begun


def test_a_killed_trainer_leaves_no_process(loading: Start) -> None:
    process = loading(1, 60.0)
    time.sleep(1)  # until the pipes are full, and the workers wait for somebody to read
    helpers = family(process)
    process.kill()
    process.wait()
    assert seconds_until_gone(helpers) < 5


def test_signals_to_the_whole_group_are_the_trainers_business(loading: Start) -> None:
    """The workers stay at work, and leave with the trainer, even one that forgets to close."""
    process = loading(40, 1.5)
    helpers = family(process)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert (output, process.returncode) == ("40 [2, 15]\n", 0)
    assert seconds_until_gone(helpers) < 5
