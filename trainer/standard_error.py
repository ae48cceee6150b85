"""Standard error, of which a full disk takes the rest and nothing else."""

import io
from typing import TYPE_CHECKING, TextIO

from trainer.paths import DISK_FULL

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NUMBER = 2


def losing_standard_error() -> TextIO:
    """In place of ``sys.stderr``: what a log on a full disk has no room for is lost.

    Python's own would raise where a line is written, and once more when the process ends, whose
    exit code then becomes 120.
    """
    unbuffered = _Losing(_NUMBER, "w", closefd=False)
    return io.TextIOWrapper(unbuffered, errors="backslashreplace", write_through=True)


class _Losing(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            return memoryview(data).nbytes
