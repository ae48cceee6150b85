"""The command line of ``python -m trainer export``."""

import argparse
from pathlib import Path

from trainer.parser import PROGRAM, Parser

FORMATS = ("torchscript", "nvidia")


def export_parser() -> argparse.ArgumentParser:
    """What ``export`` is told."""
    parser = Parser(
        prog=f"{PROGRAM} export",
        description="Write a voice in a form that other programs load.",
        allow_abbrev=False,
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="the voice")
    parser.add_argument(
        "--format", choices=FORMATS, default="torchscript",
        help="torchscript: one program that speaks without this package (the default); nvidia: "
        "a checkpoint for NVIDIA/tacotron2",
    )  # fmt: skip
    parser.add_argument("out", type=Path, help="the file to write")
    return parser
