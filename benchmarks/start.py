"""From the start of ``python -m trainer`` to its first step; the floor is ``import torch``."""

import resource
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.child import command, environment
from benchmarks.recordings import make_recordings
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts
from trainer import events
from trainer.paths import RunPaths

PARTS = ("start",)
_POLL_S = 0.005
_LONGEST_S = 300.0


class TrainerFailedError(Exception):
    """A trainer ended, or was silent, before its first step; the message is its log."""


def starts(setting: Setting) -> list[Contestant]:
    """The trainer on a corpus whose mels are cached from the second start on, and the floor."""
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    corpus = make_recordings(folder / "corpus")
    return [
        Contestant(OURS, True, lambda: {"start": _first_step(setting, folder, corpus)}),
        Contestant("import torch", False, lambda: _floor(setting)),
    ]


def _first_step(setting: Setting, folder: Path, corpus: Path) -> float:
    """Seconds up to the first step of a run of its own."""
    run = RunPaths(Path(tempfile.mkdtemp(dir=folder)))
    arguments = command(
        "-m", "trainer", "--preset", "demo", "--steps", "50", "--evaluate-every", "50",
        "--run-dir", str(run.root), "--corpus", str(corpus), "--cache-dir", str(folder / "mels"),
        "--device", setting.device.type, "--threads", str(setting.threads),
    )  # fmt: skip
    with run.log.open("wb") as log:
        start = time.time()
        process = subprocess.Popen(
            arguments, stdout=log, stderr=log, cwd=folder, env=environment(setting.threads)
        )
        try:
            stepped = _wait_for_step(process, run, start)
            times = psutil.Process(process.pid).cpu_times()
        finally:
            process.kill()
            process.wait()
    return times.user + times.system if setting.clock.kind == "CPU" else stepped - start


def _wait_for_step(process: subprocess.Popen[bytes], run: RunPaths, start: float) -> float:
    """When the first step was done, in Unix seconds."""
    reader = events.EventReader(run.events)
    while time.time() - start < _LONGEST_S and process.poll() is None:
        for event in reader.poll():
            if isinstance(event, events.Step):
                return event.time
        time.sleep(_POLL_S)
    log = run.log.read_text(encoding="utf-8", errors="replace").strip()
    raise TrainerFailedError(f"python -m trainer made no step: {log or 'it said nothing'}")


def _floor(setting: Setting) -> Parts:
    """Seconds of a process that does nothing but import torch."""
    start, before = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command("-c", "import torch"), check=True, cwd=setting.folder,
        env=environment(setting.threads),
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"start": cpu if setting.clock.kind == "CPU" else time.time() - start}
