"""The command line of ``python -m trainer synthesize``."""

import argparse
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from trainer.parser import PROGRAM, Parser, add_device_options, positive, seconds, whole

_TEXT_FILE = "--text-file"


def parse_synthesis(argv: Sequence[str]) -> argparse.Namespace:
    """What ``synthesize`` is told; ``text`` is None where ``--text-file`` stands for it."""
    options = takewhile(lambda argument: argument != "--", argv)
    from_file = any(a == _TEXT_FILE or a.startswith(f"{_TEXT_FILE}=") for a in options)
    parser = Parser(
        prog=f"{PROGRAM} synthesize",
        description="Speak a text to a WAV; with --text-file, many texts to a folder of WAVs.",
        allow_abbrev=False,
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="the voice")
    if from_file:
        parser.set_defaults(text=None)
        parser.add_argument("out", type=Path, help="the folder of the WAVs")
    else:
        parser.add_argument("text", help="what to speak")
        parser.add_argument("out", type=Path, help="the WAV to write")
    _add_options(parser)
    told, left = parser.parse_known_args(argv)
    if left and from_file and not any(argument.startswith("-") for argument in left):
        parser.error(f"give a text or {_TEXT_FILE}, not both")
    if left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return told


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        _TEXT_FILE, type=Path, metavar="FILE",
        help="instead of TEXT: one text a line, as text or name|text; OUT is then a folder",
    )  # fmt: skip
    parser.add_argument(
        "--vocoder", type=Path, metavar="DIR_OR_FILE",
        help="a HiFi-GAN generator with config.json beside it (default: Griffin-Lim)",
    )  # fmt: skip
    parser.add_argument(
        "--reference", type=Path, metavar="WAV", help="a recording whose style to speak in"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE.json", help="write what became of each sentence"
    )
    parser.add_argument(
        "--batch-size", type=positive, default=8, help="sentences at once (default: %(default)s)"
    )
    parser.add_argument(
        "--retries", type=whole, default=2,
        help="how often a sentence that failed is tried again (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-symbols", type=positive, default=150,
        help="longer sentences are cut, as spoken (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--pause", type=seconds, default=0.25,
        help="seconds between two sentences (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="another seed, another take")
    parser.add_argument(
        "--progress", choices=("auto", "on", "off"), default="auto",
        help="show bars (auto: on a terminal)",
    )  # fmt: skip
    add_device_options(parser)
