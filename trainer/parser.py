"""Command lines of ``python -m trainer``: the parser that all share, and kinds of numbers."""

import argparse
from typing import NoReturn

from trainer.exit_codes import TrainerExit

PROGRAM = "python -m trainer"


class Parser(argparse.ArgumentParser):
    """Says one line about a wrong argument, and leaves as bad input."""

    def error(self, message: str) -> NoReturn:
        """Print ``message`` and leave."""
        self.exit(TrainerExit.BAD_INPUT, f"error: {message} (see {self.prog} --help)\n")


def add_device_options(parser: argparse.ArgumentParser) -> None:
    """``--device`` and ``--threads``."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads (default: 1)")


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    return _at_least(1, text)


def whole(text: str) -> int:
    """A whole number, 0 or more."""
    return _at_least(0, text)


def seconds(text: str) -> float:
    """A number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds") from None
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{value} is not a number of seconds, 0 or more")
    return value


def _at_least(least: int, text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"{value} is not at least {least}")
    return value
