"""A mel and its checksum."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.data.mel_file import Mel, decode_mel, encode_mel, verified_mel

MEL: Mel = np.random.default_rng(0).normal(-5, 2, (8, 13)).astype(np.float32)
DATA = encode_mel(MEL)


@pytest.mark.parametrize("mel", [MEL, np.asfortranarray(MEL)], ids=["by row", "by column"])
def test_round_trip(tmp_path: Path, mel: Mel) -> None:
    path = tmp_path / "mel.npy"
    path.write_bytes(encode_mel(mel))
    for read in (verified_mel(path, 8), np.load(path)):  # any program can read it
        assert read is not None
        assert np.array_equal(read, mel)
        assert read.strides == mel.strides  # sums over it have the same bits


def test_every_flipped_bit_is_seen() -> None:
    for position in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[position] ^= 1 << (position % 8)
        assert decode_mel(bytes(damaged), 8) is None, position


def test_every_missing_end_is_seen() -> None:
    assert all(decode_mel(DATA[:length], 8) is None for length in range(len(DATA)))


@pytest.mark.parametrize(
    "write",
    [
        lambda path: np.save(path, MEL),
        lambda path: path.write_bytes(encode_mel(MEL[:7])),
        lambda path: path.write_bytes(encode_mel(MEL[0])),
        lambda path: path.write_bytes(encode_mel(MEL[:, :0])),
        lambda path: path.write_bytes(encode_mel(MEL.astype(np.float64))),  # type: ignore[arg-type]
        lambda path: path.write_bytes(b"\0\0\0\0"),  # the CRC-32 of nothing
        lambda path: path.write_bytes(b""),
        lambda path: path.mkdir(),
        lambda path: None,
    ],
    ids=[
        "no checksum", "another height", "one dimension", "no frame", "another type",
        "only a checksum", "empty", "a folder", "missing",
    ],
)  # fmt: skip
def test_what_is_no_mel(tmp_path: Path, write: Callable[[Path], object]) -> None:
    write(tmp_path / "mel.npy")
    assert verified_mel(tmp_path / "mel.npy", 8) is None
