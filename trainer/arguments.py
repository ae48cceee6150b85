"""The command line of ``python -m trainer``."""

import argparse
from pathlib import Path

from trainer.hparams import (
    PRESETS,
    HParams,
    parse_assignments,
    parse_hparams,
    read_hparams_file,
)
from trainer.parser import PROGRAM, Parser, add_device_options, positive, seconds, whole

DEFAULT_STEPS = {"demo": 500, "tacotron2": 20000}
DEFAULT_EVALUATE_EVERY = {"demo": 50, "tacotron2": 100}


def hparams_of(arguments: argparse.Namespace) -> HParams:
    """Preset, then file, then assignments; :class:`BadInputError` on a wrong one."""
    overrides = read_hparams_file(arguments.hparams_file) if arguments.hparams_file else {}
    overrides |= parse_assignments(arguments.hparams)
    return parse_hparams(overrides, HParams.preset(arguments.preset))


def run_parser() -> argparse.ArgumentParser:
    """What ``train`` and ``estimate`` are told."""
    parser = Parser(
        prog=PROGRAM,
        description="Train a Tacotron 2 voice.",
        epilog="Other commands, each with its own --help: estimate (what a run costs here; same "
        "arguments), components, synthesize, export.",
        allow_abbrev=False,
    )
    parser.add_argument("--run-dir", type=Path, required=True, help="where everything is written")
    parser.add_argument(
        "--corpus", type=Path, required=True,
        help="LJSpeech folder (metadata.csv, wavs/) or NVIDIA filelist (path|text)",
    )  # fmt: skip
    parser.add_argument(
        "--preset", default="tacotron2", help=f"one of {', '.join(PRESETS)} (default: tacotron2)"
    )
    parser.add_argument(
        "--hparams", default="", help='overrides, as "learning_rate=1e-4,guide_loss_weight=2.5"'
    )
    parser.add_argument("--hparams-file", type=Path, help="overrides, as a YAML mapping")
    parser.add_argument("--steps", type=positive, help="optimiser steps (default: the preset's)")
    parser.add_argument(
        "--evaluate-every", type=positive, help="steps between validations (default: the preset's)"
    )
    parser.add_argument(
        "--objective", choices=("quality", "val_loss", "mcd"), default="quality",
        help="what the best checkpoint is best at",
    )  # fmt: skip
    add_device_options(parser)
    parser.add_argument("--cache-dir", type=Path, help="where mels are kept (default: in RUN_DIR)")
    parser.add_argument(
        "--workers", type=whole, default=0, help="processes that load batches (0: none)"
    )
    parser.add_argument(
        "--keep-every", type=whole, default=0,
        help="keep the checkpoint of every so many steps (0: the best and the last alone)",
    )  # fmt: skip
    parser.add_argument("--warm-start", type=Path, help="begin with this checkpoint's weights")
    parser.add_argument(
        "--ignore-layers", default="",
        help="tensors that --warm-start leaves out, by name or prefix: embedding.weight,…",
    )  # fmt: skip
    parser.add_argument(
        "--lease-seconds", type=seconds, default=0.0,
        help="leave when RUN_DIR/lease was not touched for so long (0: never)",
    )  # fmt: skip
    return parser
