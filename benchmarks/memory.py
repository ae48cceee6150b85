"""The memory that one training step takes on top of a model that is built, in its own process.

``python -m benchmarks.memory`` measures one contestant and prints bytes. On the CPU these are the
process's highest resident size after the step, less its resident size before: activations,
gradients, Adam's moments, and what the libraries set aside. On a GPU: torch's peak, less what was
allocated before.
"""

import argparse
import subprocess
from pathlib import Path

import torch

from benchmarks.child import command, environment
from benchmarks.clock import Clock
from benchmarks.setting import Setting
from benchmarks.timing import Contestant, Parts
from benchmarks.trainees import our_trainees, their_trainees
from benchmarks.training import TrainingStep
from benchmarks.workloads import Workload, full

PARTS = ("peak",)
_STATUS = Path("/proc/self/status")


def remembered(*, quick: bool) -> Workload:
    """What the step is taken on."""
    return full(2 if quick else 8, quick=quick)


def rememberers(setting: Setting) -> list[Contestant]:
    """Everybody who takes a training step at full size, each run a process."""
    workload = remembered(quick=setting.quick)
    ours, theirs = our_trainees(workload, setting), their_trainees(workload, setting)
    return [
        Contestant(name, name in ours, lambda name=name: _peak(name, setting))  # type: ignore[misc]
        for name in (*ours, *theirs)
    ]


def _peak(name: str, setting: Setting) -> Parts:
    options = ["--quick"] if setting.quick else []
    options += ["--against", str(setting.checkout)] if setting.checkout else []
    done = subprocess.run(
        command(
            "-m", "benchmarks.memory", name, "--device", str(setting.device),
            "--threads", str(setting.threads), *options,
        ),
        check=True, stdout=subprocess.PIPE, text=True, cwd=setting.folder,
        env=environment(setting.threads),
    )  # fmt: skip
    return {"peak": float(done.stdout)}


def growth(step: TrainingStep, clock: Clock) -> int:
    """Bytes that one step takes on top of what there is."""
    if clock.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(clock.device)
        before = torch.cuda.memory_allocated(clock.device)
        step.run(clock)
        return torch.cuda.max_memory_allocated(clock.device) - before
    before = _resident("VmRSS")
    step.run(clock)
    return _resident("VmHWM") - before


def _resident(field: str) -> int:
    """Bytes; unlike getrusage's peak, this process's alone and not its parent's."""
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory")
    parser.add_argument("name")
    parser.add_argument("--device", type=torch.device, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--quick", action="store_true")
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    clock = Clock.suitable(told.device, told.threads)
    setting = Setting(told.device, clock, told.threads, told.quick, told.against, Path.cwd())
    workload = remembered(quick=told.quick)
    trainees = our_trainees(workload, setting) | their_trainees(workload, setting)
    print(growth(trainees[told.name](), clock))


if __name__ == "__main__":
    _main()
