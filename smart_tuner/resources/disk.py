"""Whether a directory can be written to: not asked, but tried."""

import errno
import os
import secrets
from pathlib import Path

from trainer.paths import DISK_FULL

FULL, FORBIDDEN, BROKEN = "full", "forbidden", "broken"
_WRITTEN = 2**12
"""Bytes of each file; the others are only claimed."""
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def room_problem(directory: Path, size: int = 2**16) -> str | None:
    """Why a file of ``size`` bytes can't be written in ``directory``; ``None`` where it can.

    The text begins with ``full``, ``forbidden`` or ``broken`` (gone, or a disk that fails), and
    goes on with what the system says: ``full (ENOSPC: No space left on device)``. No file is left.
    """
    path = directory / f".room-{secrets.token_hex(6)}"
    try:
        _write(path, size)
    except OSError as error:
        return problem(error)
    return None


def problem(error: OSError) -> str:
    """The same text of an error that was met."""
    kind = FULL if error.errno in DISK_FULL else BROKEN
    kind = FORBIDDEN if error.errno in _FORBIDDEN else kind
    code = errno.errorcode.get(error.errno or 0, "unknown")
    return f"{kind} ({code}: {error.strerror})"


def _write(path: Path, size: int) -> None:
    """Write it as it is meant to stay: a disk may first say no when it is to keep the bytes."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
        os.write(handle, os.urandom(_WRITTEN))
        os.fsync(handle)
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)
