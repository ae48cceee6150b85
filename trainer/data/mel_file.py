"""A mel spectrogram in a file: NumPy's format, and a checksum behind it."""

import io
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Mel = NDArray[np.float32]

_CHECKSUM_BYTES = 4


def encode_mel(mel: Mel) -> bytes:
    """``mel`` as ``np.load`` reads it, then the CRC-32 of all that, little-endian."""
    buffer = io.BytesIO()
    np.save(buffer, mel)
    data = buffer.getvalue()
    return data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")


def decode_mel(data: bytes, n_mels: int) -> Mel | None:
    """The mel [n_mels, T] that ``data`` holds; None where it is damaged or another thing."""
    content, checksum = memoryview(data)[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little") != checksum:
        return None
    try:
        mel: Mel = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError):  # sound, but written by somebody else
        return None
    is_mel = mel.dtype == np.float32 and mel.ndim == 2 and mel.shape[0] == n_mels and mel.size > 0
    return mel if is_mel else None


def verified_mel(path: Path, n_mels: int) -> Mel | None:
    """The mel in the file at ``path``; None where it is missing, damaged or can't be read."""
    try:
        return decode_mel(path.read_bytes(), n_mels)
    except OSError:
        return None
