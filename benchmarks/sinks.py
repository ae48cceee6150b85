"""What telling MLflow of a trial costs beside the trial: CPU time, and memory over its length."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil
import yaml

from benchmarks.child import command, environment
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts

COST_PARTS = ("sinks",)
MEMORY_PARTS = ("controller", "sink process")
_STUDY = "sinks"
_POLL_S = 0.2


def title(*, quick: bool) -> str:
    """Of the row of costs."""
    return f"CPU time of the {{part}} on a trial of {_steps(quick=quick)} steps, preset demo"


def costs(setting: Setting) -> list[Contestant]:
    """CPU seconds of the sink process after its start-up, and the trainer's."""
    folder, quick = setting.folder, setting.quick
    return [
        Contestant(OURS, True, lambda: {"sinks": measured(folder, quick=quick).sink_seconds}),
        Contestant(
            "the trainer", False, lambda: {"sinks": measured(folder, quick=quick).trainer_seconds}
        ),
    ]


def rememberers(setting: Setting) -> list[Contestant]:
    """Resident bytes at the end of the trial, and when a quarter of it was over."""
    folder, quick = setting.folder, setting.quick
    return [
        Contestant(OURS, True, lambda: measured(folder, quick=quick).memory(1.0)),
        Contestant("a quarter through", False, lambda: measured(folder, quick=quick).memory(0.25)),
    ]


@dataclass
class Account:
    """What the processes of one study have taken."""

    started: float = 0.0
    """CPU seconds of the sink process when it began to tell of the trial."""
    sinks: float = 0.0
    trainer: float = 0.0
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """Resident bytes of the controller and the sink process while the trial ran."""

    @property
    def sink_seconds(self) -> float:
        """After start-up."""
        return self.sinks - self.started

    @property
    def trainer_seconds(self) -> float:
        """Of the whole trial."""
        return self.trainer

    def memory(self, share: float) -> Parts:
        """Bytes when ``share`` of the trial was over, by process."""
        place = min(len(self.sizes) - 1, int(share * len(self.sizes)))
        return dict(zip(MEMORY_PARTS, map(float, self.sizes[place]), strict=True))


@cache
def measured(folder: Path, *, quick: bool) -> Account:
    """Run a study of one trial, once, and look at its processes five times a second.

    Raises:
        subprocess.CalledProcessError: the study failed; its words are on standard error.
    """
    place = folder / "sinks-study"
    place.mkdir()
    (place / "study.yaml").write_text(yaml.safe_dump(_configuration(quick=quick)))
    controller = subprocess.Popen(
        command("-m", "smart_tuner.cli", "start", "study", "--config", "study.yaml"),
        cwd=place,
        env={**environment(1), "SMART_TUNER_SINKS__MLFLOW": "true"},
        stdout=subprocess.DEVNULL,
    )
    account = Account()
    process = psutil.Process(controller.pid)
    while controller.poll() is None:
        _look(process, account, place / "runs" / _STUDY / "0" / "mlflow.json")
        time.sleep(_POLL_S)
    if controller.returncode:
        raise subprocess.CalledProcessError(controller.returncode, "smart-tuner start study")
    return account


def _look(controller: psutil.Process, account: Account, bookmark: Path) -> None:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        sizes: dict[str, int] = {}
        for child, kind in _children(controller):
            times = child.cpu_times()
            if kind == "trainer":
                account.trainer = times.user + times.system
            else:
                account.sinks = times.user + times.system
            sizes[kind] = child.memory_info().rss
        if not bookmark.exists():
            account.started = account.sinks
        elif "trainer" in sizes and "sinks" in sizes:
            account.sizes.append((controller.memory_info().rss, sizes["sinks"]))


def _children(controller: psutil.Process) -> Iterator[tuple[psutil.Process, str]]:
    for child in controller.children():
        words = child.cmdline()
        if "smart_tuner.sinks" in words:
            yield child, "sinks"
        elif "train" in words:
            yield child, "trainer"


def _configuration(*, quick: bool) -> dict[str, object]:
    return {
        "study": {"name": _STUDY, "trials": 1, "jobs": 1},
        "trainer": {"preset": "demo", "steps": _steps(quick=quick), "evaluate_every": 50},
        "pruner": {"kind": "none"},
    }


def _steps(*, quick: bool) -> int:
    """Ten minutes of one core, or so."""
    return 100 if quick else 4500
