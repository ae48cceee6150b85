"""How long many short trials take: 1,000 of one second each, 16 at once, one report a trial."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.controllers.contestants import (
    BARE,
    TUNED,
    ContestantFailedError,
    fresh_folder,
    run_bare,
    run_ours,
)
from benchmarks.controllers.ray_process import ray_tune
from benchmarks.controllers.task import Task
from benchmarks.recordings import make_recordings
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts

PARTS = ("from start to exit", "from the first trial's start to the last one's end")


def task(*, quick: bool) -> Task:
    """What is to be run."""
    return Task(8, 4, 0.2) if quick else Task(1000, 16, 1.0)


def title(*, quick: bool) -> str:
    """Of the rows."""
    given = task(quick=quick)
    return f"{given.trials:,} trials of {given.seconds:g} s, {given.slots} at once, {{part}}"


def runners(setting: Setting) -> list[Contestant]:
    """Ours, the bare loop with two kinds of engine, and Ray Tune where there is one."""
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    corpus, given = make_recordings(folder / "corpus"), task(quick=setting.quick)

    def ours(folder: Path) -> float:
        return run_ours(given, folder, corpus).wall_seconds

    def bare(folder: Path, *, tuned: bool) -> float:
        return run_bare(replace(given, tuned=tuned), folder).wall_seconds

    ways: dict[str, Callable[[Path], float]] = {
        OURS: ours,
        BARE: partial(bare, tuned=False),
        TUNED: partial(bare, tuned=True),
    }
    if setting.ray is not None:
        tuner = ray_tune(setting.ray)
        ways[tuner.name] = partial(tuner.run, given)
    return [
        Contestant(name, name == OURS, partial(_parts, way, given, folder))
        for name, way in ways.items()
    ]


def _parts(way: Callable[[Path], float], given: Task, parent: Path) -> Parts:
    folder = fresh_folder(parent)
    whole = way(folder)
    return dict(zip(PARTS, (whole, _span(folder, given.trials)), strict=True))


def _span(folder: Path, n_trials: int) -> float:
    """Seconds between the first and the last that the trainers themselves have noted."""
    files = list(folder.glob("runs/**/events.jsonl"))
    if len(files) != n_trials:
        raise ContestantFailedError(f"{len(files)} trainers ran instead of {n_trials}")
    times: list[float] = []
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        times += [json.loads(line)["time"] for line in (lines[0], lines[-1])]
    return max(times) - min(times)
