"""What a WAV file's header promises: libsndfile silently shortens a truncated file."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CHUNK_HEADER = 8
_STREAMED = 0x7FFF_F000
"""Writers to a pipe can't know the size: they promise this much or more."""


@dataclass(frozen=True)
class WavData:
    """The sample bytes that the header promises, and those that the file has."""

    promised: int
    present: int

    @property
    def is_truncated(self) -> bool:
        """Whether samples are missing at the end."""
        return self.present < self.promised < _STREAMED


def wav_data(path: Path) -> WavData | None:
    """The extent of a WAV's samples; None for another format and for a WAV without samples.

    Raises:
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        header = file.read(12)
        if header[:4] != b"RIFF" or header[8:] != b"WAVE":
            return None
        return _data_chunk(file, path.stat().st_size)


def _data_chunk(file: BinaryIO, file_size: int) -> WavData | None:
    while len(header := file.read(_CHUNK_HEADER)) == _CHUNK_HEADER:
        size = int.from_bytes(header[4:], "little")
        if header[:4] == b"data":
            return WavData(size, file_size - file.tell())
        file.seek(size + size % 2, 1)  # chunks start at even offsets
    return None
