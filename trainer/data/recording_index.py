"""Which content a recording has, without reading it again: by path, size and time of change."""

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

_SETTLED_NS = 2_000_000_000
"""A file changed later than this ago may change again without its time showing it (FAT: 2 s)."""

_State = tuple[str, int, int]


class RecordingIndex:
    """One file of JSON lines ``[path, size, mtime_ns, sha256]`` that all processes append to.

    A line is appended by one call, so that processes don't mix theirs; a line that was cut off by
    a kill or a full disk is passed over. A lost line costs reading one recording again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)

    def digest(self, recording: Path) -> str:
        """The sha256 of the recording's bytes, in hexadecimal.

        Raises:
            OSError: it can't be read.
        """
        status = recording.stat()
        state = (str(recording.absolute()), status.st_size, status.st_mtime_ns)
        known = self._known.get(state)
        if known is None:
            with recording.open("rb") as file:
                known = hashlib.file_digest(file, "sha256").hexdigest()
            if time.time_ns() - status.st_mtime_ns > _SETTLED_NS:
                self._note(state, known)
        return known

    def _note(self, state: _State, digest: str) -> None:
        self._known[state] = digest
        # The line break in front ends a line that somebody could not finish.
        line = f"\n{json.dumps([*state, digest])}\n".encode()
        # A cache that can't be written shows itself when a mel is; this costs time alone.
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)


def _read(path: Path) -> dict[_State, str]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return {}
    return dict(entry for entry in map(_parsed, lines) if entry is not None)


def _parsed(line: bytes) -> tuple[_State, str] | None:
    """The entry in ``line``; None where it is empty or cut off."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    match entry:
        case [str(path), int(size), int(mtime_ns), str(digest)] if len(digest) == 64:
            return (path, size, mtime_ns), digest
    return None
