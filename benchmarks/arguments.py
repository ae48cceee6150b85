"""The command line of ``python -m benchmarks``."""

import argparse
from pathlib import Path

from benchmarks.cases import all_cases
from benchmarks.child import ROOT
from trainer.parser import Parser, positive


def parser() -> argparse.ArgumentParser:
    """What a measurement is told."""
    names = ", ".join(case.name for case in all_cases(quick=False))
    parser = Parser(
        prog="python -m benchmarks",
        description="Measure speed and memory beside the published code's, in turns.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--rows", default="*", help=f"which to measure, as step-*,mel (default: all of {names})"
    )
    parser.add_argument(
        "--repeats", type=positive, default=3, help="measured runs of each (default: 3)"
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try it out")
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads (default: 1)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument(
        "--against", type=Path, help="a checkout of NVIDIA/tacotron2, to be measured too"
    )
    parser.add_argument(
        "--ray", type=Path, metavar="PYTHON",
        help="a python that has Ray Tune, to be measured beside the controller",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks" / "results",
        help="where results are written (default: benchmarks/results)",
    )  # fmt: skip
    return parser
