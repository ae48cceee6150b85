"""The file of events: appended to by a trainer, followed by its watchers."""

import errno
import fcntl
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from trainer.events.kinds import Event, Header
from trainer.events.lines import VERSION, decode, encode

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class EventWriter:
    """Appends events to a file, each flushed, so that a kill loses at most half a line.

    Where the disk is full, events wait in memory and are written, in order, once there is room.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path``; ``BlockingIOError`` where another process writes to it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab", buffering=0)
        try:
            # Two runs in one directory would write over each other's checkpoints.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise
        _drop_half_line(path)
        self._waiting = b""
        if path.stat().st_size == 0:
            self.write(Header(version=VERSION))

    def write(self, event: Event) -> None:
        """Append ``event``, stamped with the present time (Unix seconds)."""
        stamped = replace(event, time=round(time.time(), 3))
        self._waiting += encode(stamped).encode("utf-8") + b"\n"
        self._flush()

    def _flush(self) -> None:
        try:
            while self._waiting:
                written = self._file.write(self._waiting) or 0
                self._waiting = self._waiting[written:]
        except OSError as error:
            if error.errno not in _FULL:
                raise

    @property
    def is_behind(self) -> bool:
        """Whether events still wait for room on the disk."""
        return bool(self._waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


class EventReader:
    """Reads what was appended since the last :meth:`poll`: whole lines only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def poll(self, until: int | None = None) -> list[Event]:
        """The new events, in order; none where the file does not exist yet.

        Args:
            until: not beyond so many bytes from the beginning of the file.
        """
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read(-1 if until is None else max(0, until - self._offset))
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        # Not splitlines(): text may hold U+2028 and the like, which are no ends of lines here.
        return [decode(line) for line in whole.decode("utf-8").split("\n") if line.strip()]


def _drop_half_line(path: Path) -> None:
    """Cut what a killed writer left after the last newline."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
