"""Has one fresh process speak a list of texts (:mod:`trainer.corpus.espeak_worker`)."""

import importlib.util
import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import IO

import numpy as np
import numpy.typing as npt

from trainer.exit_codes import BadInputError

SAMPLING_RATE = 22_050
_COUNT = struct.Struct("<I")


@dataclass(frozen=True)
class Voice:
    """A voice of espeak-ng: its name, words a minute, pitch and volume (0-100)."""

    voice: str
    rate: int = 155
    pitch: int = 50
    volume: int = 80


def require_espeak() -> None:
    """Refuse to go on without the package that brings espeak-ng.

    Raises:
        BadInputError: it is not installed; names the remedy.
    """
    if importlib.util.find_spec("espeakng_loader") is None:
        raise BadInputError(
            "the demo corpus is spoken by espeak-ng and the package espeakng_loader is not "
            "installed: pip install 'smart-tuner[demo]'"
        )


def spoken(texts: Sequence[str], voice: Voice) -> Iterator[npt.NDArray[np.int16]]:
    """Yield the samples of each text, in order, at :data:`SAMPLING_RATE`.

    Raises:
        BadInputError: espeak-ng is not installed.
        RuntimeError: espeak-ng failed; carries what it said.
    """
    require_espeak()
    request = json.dumps({**asdict(voice), "texts": list(texts)}).encode("utf-8")
    command = [sys.executable, "-P", "-m", "trainer.corpus.espeak_worker"]
    # Files, not pipes: neither side can block the other.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(request)
        stdin.seek(0)
        with subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
        ) as process:
            try:
                yield from _received(process, len(texts))
            except EOFError as error:
                process.wait()
                raise RuntimeError(_complaint(process, stderr)) from error
            finally:
                process.kill()  # does nothing to a process that has ended


def _received(process: "subprocess.Popen[bytes]", n_texts: int) -> Iterator[npt.NDArray[np.int16]]:
    stream = process.stdout
    assert stream is not None  # Popen was asked for a pipe
    for _ in range(n_texts):
        (n_samples,) = _COUNT.unpack(_exactly(stream, _COUNT.size))
        yield np.frombuffer(_exactly(stream, 2 * n_samples), dtype="<i2").astype(np.int16)
    if process.wait() != 0:
        raise EOFError


def _exactly(stream: IO[bytes], n_bytes: int) -> bytes:
    data = stream.read(n_bytes)
    if len(data) != n_bytes:
        raise EOFError
    return data


def _complaint(process: "subprocess.Popen[bytes]", stderr: IO[bytes]) -> str:
    stderr.seek(0)
    lines = stderr.read().decode("utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it said nothing"
    return f"espeak-ng failed (exit code {process.returncode}): {last}"
