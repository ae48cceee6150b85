"""``python -m benchmarks``: measure, print, store."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from benchmarks.against import Checkout
from benchmarks.arguments import parser
from benchmarks.cases import chosen_cases
from benchmarks.clock import Clock
from benchmarks.controllers.ray_process import ray_tune
from benchmarks.measurement import measure
from benchmarks.setting import Setting
from trainer.devices import choose_device
from trainer.exit_codes import BadInputError, TrainerExit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit code."""
    told = parser().parse_args(arguments)
    try:
        _run(told, Console())
    except BadInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return TrainerExit.BAD_INPUT
    return TrainerExit.FINISHED


def _run(told: argparse.Namespace, console: Console) -> None:
    _require_writable(told.output)
    cases = chosen_cases([p.strip() for p in told.rows.split(",")], quick=told.quick)
    torch.set_num_threads(told.threads)
    device = choose_device(told.device)
    if told.against is not None:
        Checkout(told.against)  # else it would be found wanting after some minutes
    if told.ray is not None:
        ray_tune(told.ray)  # likewise
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock.suitable(device, told.threads)
        checkout = told.against.resolve() if told.against else None
        ray = told.ray.absolute() if told.ray else None  # a link to another python is its own
        setting = Setting(device, clock, told.threads, told.quick, checkout, Path(folder), ray)
        report = measure(cases, setting, told.repeats, console)
    path = report.write(told.output)
    console.print(report.table())
    console.print(f"written: {path} and {path.with_suffix('.md').name}", highlight=False)


def _require_writable(folder: Path) -> None:
    """Else it would be found out after some minutes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInputError(
            f"--output {folder} can't be written: {error.strerror or error}; choose another folder"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
