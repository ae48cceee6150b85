"""A run's events from any place on: what a sink reads of ``events.jsonl``."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from trainer.events import Event, decode

_CHUNK = 262_144
_HEADER = 200


class Read(NamedTuple):
    """Some events, and where the next one begins."""

    events: Sequence[Event]
    offset: int


def size_of(path: Path) -> int:
    """Bytes of the file; 0 where there is none yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def generation_of(path: Path) -> str:
    """The first line, which has its time: a file that was begun anew has another one."""
    try:
        with path.open("rb") as file:
            line, newline, _ = file.read(_HEADER).partition(b"\n")
    except FileNotFoundError:
        return ""
    return line.decode("utf-8", "replace") if newline else ""


def read_events(path: Path, offset: int) -> Read:
    """The events of whole lines from byte ``offset`` on, a quarter of a megabyte at a time.

    Raises:
        EventFormatError: a line that this version of the format does not explain.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return Read((), offset)
    with file:
        file.seek(offset)
        data = file.read(_CHUNK)
        while b"\n" not in data and (more := file.read(_CHUNK)):
            data += more
    whole = data[: data.rfind(b"\n") + 1]
    lines = whole.decode("utf-8").split("\n")
    return Read([decode(line) for line in lines if line.strip()], offset + len(whole))
