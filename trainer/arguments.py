"""The command line of ``python -m trainer``."""

import argparse
from pathlib import Path
from typing import NoReturn

from trainer.exit_codes import TrainerExit
from trainer.hparams import PRESETS

_PROGRAM = "python -m trainer"

DEFAULT_STEPS = {"demo": 500, "tacotron2": 20000}
DEFAULT_EVALUATE_EVERY = {"demo": 50, "tacotron2": 100}


class _Parser(argparse.ArgumentParser):
    """Says one line about a wrong argument, and leaves as bad input."""

    def error(self, message: str) -> NoReturn:
        self.exit(TrainerExit.BAD_INPUT, f"error: {message} (see {self.prog} --help)\n")


def run_parser() -> argparse.ArgumentParser:
    """What ``train`` and ``estimate`` are told."""
    parser = _Parser(
        prog=_PROGRAM,
        description="Train a Tacotron 2 voice.",
        epilog="Other commands: estimate (what a run costs here; same arguments), synthesize.",
        allow_abbrev=False,
    )
    parser.add_argument("--run-dir", type=Path, required=True, help="where everything is written")
    parser.add_argument(
        "--corpus", type=Path, required=True,
        help="LJSpeech folder (metadata.csv, wavs/) or NVIDIA filelist (path|text)",
    )  # fmt: skip
    parser.add_argument("--preset", default="tacotron2", help=f"one of {', '.join(PRESETS)}")
    parser.add_argument(
        "--hparams", default="", help='overrides, as "learning_rate=1e-4,guide_loss_weight=2.5"'
    )
    parser.add_argument("--hparams-file", type=Path, help="overrides, as a YAML mapping")
    parser.add_argument("--steps", type=_positive, help="optimiser steps (default: the preset's)")
    parser.add_argument("--evaluate-every", type=_positive, help="steps between validations")
    parser.add_argument(
        "--objective", choices=("quality", "val_loss", "mcd"), default="quality",
        help="what the best checkpoint is best at",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=_positive, default=1, help="CPU threads")
    parser.add_argument("--cache-dir", type=Path, help="where mels are kept (default: in RUN_DIR)")
    parser.add_argument(
        "--lease-seconds", type=_seconds, default=0.0,
        help="leave when RUN_DIR/lease was not touched for so long (0: never)",
    )  # fmt: skip
    return parser


def synthesis_parser() -> argparse.ArgumentParser:
    """What ``synthesize`` is told."""
    parser = _Parser(prog=f"{_PROGRAM} synthesize", description="Speak a text.", allow_abbrev=False)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("text")
    parser.add_argument("out", type=Path, help="the WAV to write")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=_positive, default=1, help="CPU threads")
    parser.add_argument("--seed", type=int, default=0, help="of the prenet's dropout")
    return parser


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds") from None
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{value} is not a number of seconds, 0 or more")
    return value


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return value
