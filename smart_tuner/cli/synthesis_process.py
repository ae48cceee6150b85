"""The trainer's ``synthesize`` in a process of its own, its words passed on as they come."""

import codecs
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import IO

import click

from smart_tuner.exit_codes import TunerExit
from smart_tuner.launch.trainer_environment import trainer_environment
from smart_tuner.launch.trainer_process import TRAINER
from trainer.exit_codes import BadInputError, TrainerExit

_SAME = {
    TrainerExit.FINISHED: TunerExit.FINISHED,
    TrainerExit.BAD_INPUT: TunerExit.BAD_INPUT,
    TrainerExit.STOPPED: TunerExit.STOPPED,
}
"""Exits of the trainer that mean the same here; it has said all there is to say."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")
_PAINFUL = re.compile(r"internal error|out of memory|Traceback")
"""From such a line on, the words are not for people: they go into the error's notes."""


class TrainerFailedError(RuntimeError):
    """The trainer ended as it never should; its words are in the notes."""


def run_synthesis(arguments: Sequence[str], threads: int) -> TunerExit:
    """Run ``python -m trainer synthesize`` and say how it ended.

    Raises:
        BadInputError: There was not enough memory.
        TrainerFailedError: It ended in another way that it never should.
    """
    progress = "on" if sys.stderr.isatty() else "off"
    command = [*TRAINER, "synthesize", f"--progress={progress}", *arguments]
    environment = trainer_environment(os.environ, threads)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        withheld = _pass_on(process.stderr, lambda words: click.echo(words, err=True, nl=False))
    if process.returncode in _SAME:
        return _SAME[TrainerExit(process.returncode)]
    if process.returncode == TrainerExit.OUT_OF_MEMORY:
        raise BadInputError(
            "not enough memory to speak: try --device cpu or a smaller --batch-size, or end other "
            "programs"
        )
    error = TrainerFailedError(f"the trainer ended with exit code {process.returncode}")
    error.add_note(withheld)
    raise error


def _pass_on(stream: IO[bytes], say: Callable[[str], None]) -> str:
    """Say each line of ``stream`` as it comes; from a painful one on, return them instead."""
    withheld: list[str] = []
    for line in _lines(stream):
        if withheld or _PAINFUL.search(line):
            withheld.append(line)
        else:
            say(line)
    return "".join(withheld)


def _lines(stream: IO[bytes]) -> Iterator[str]:
    r"""Lines of UTF-8 text with their ends, ``\r`` (a progress bar's) among them."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    while chunk := os.read(stream.fileno(), 1 << 16):
        rest += decoder.decode(chunk)
        end = 0
        for match in _LINE.finditer(rest):
            yield match[0]
            end = match.end()
        rest = rest[end:]
    if rest:
        yield rest
