"""Speaks a list of texts with espeak-ng: a process of its own, started afresh for each list.

espeak-ng's output repeats, bit for bit, only in a fresh process with seeded random states and
for the same list in the same order. It is GPLv3 software and stays behind this process boundary:

* standard input: one JSON object, ``{"voice", "rate", "pitch", "volume", "texts"}`` (UTF-8);
* standard output: for each text its number of samples (uint32, little-endian), then the samples
  (int16, mono, at :data:`SAMPLING_RATE`);
* exit code 0, or 1 with one line on standard error.
"""

import ctypes
import json
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import espeakng_loader

SAMPLING_RATE = 22_050
_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_BY_CHARACTER = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3}
"""Numbers of ``espeak_PARAMETER`` in espeak-ng's ``speak_lib.h``."""
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class EspeakError(Exception):
    """espeak-ng refused a call: which, and with what return code."""


class Espeak:
    """The one espeak-ng engine of this process, seeded; use it from one thread.

    Args:
        data_path: espeak-ng's data, read as long as the engine lives; a short path.
        voice: an espeak-ng voice, such as ``en-us`` or ``ru``.
        parameters: ``rate`` (words a minute), ``pitch`` and ``volume`` (0-100).

    Raises:
        EspeakError: the library did not start, or does not know the voice.
    """

    def __init__(self, data_path: Path, voice: str, parameters: dict[str, int]) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._pieces: list[bytes] = []
        self._callback = _CALLBACK(self._collect)  # kept: the library holds a bare pointer
        self._start(data_path)
        _check("SetVoiceByName", self._library.espeak_SetVoiceByName(voice.encode()), voice)
        for name, value in parameters.items():
            code = self._library.espeak_SetParameter(_PARAMETERS[name], value, 0)
            _check("SetParameter", code, f"{name}={value}")

    def speak(self, text: str) -> bytes:
        """The samples of ``text``: int16, mono, at :data:`SAMPLING_RATE`."""
        self._pieces.clear()
        data = text.encode("utf-8") + b"\0"
        code = self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, _BY_CHARACTER, 0, _UTF8, None, None
        )
        _check("Synth", code, text)
        _check("Synchronize", self._library.espeak_Synchronize(), text)
        return b"".join(self._pieces)

    def _start(self, data_path: Path) -> None:
        rate = self._library.espeak_Initialize(
            _SYNCHRONOUS, 0, str(data_path).encode(), _DO_NOT_EXIT
        )
        if rate != SAMPLING_RATE:
            raise EspeakError(f"espeak_Initialize answered {rate}, not {SAMPLING_RATE}")
        _check("SetRandSeed", self._library.espeak_ng_SetRandSeed(ctypes.c_long(1)), "1")
        ctypes.CDLL(None).srand(1)
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: Any, n_samples: int, _events: Any) -> int:
        if samples and n_samples > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * n_samples))
        return 0


def _check(call: str, code: int, argument: str) -> None:
    if code != 0:
        raise EspeakError(f"espeak-ng: {call}({argument!r}) returned {code}")


@contextmanager
def _short_data_path() -> Iterator[Path]:
    """A link to espeak-ng's data: the library silently cuts off long paths."""
    with tempfile.TemporaryDirectory(prefix="espeak-") as folder:
        link = Path(folder, "espeak-ng-data")
        link.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
        yield link


def _answers(request: dict[str, Any]) -> Iterator[bytes]:
    parameters = {name: int(request[name]) for name in _PARAMETERS}
    with _short_data_path() as data_path:
        engine = Espeak(data_path, request["voice"], parameters)
        for text in request["texts"]:
            samples = engine.speak(text)
            yield struct.pack("<I", len(samples) // 2) + samples


def main() -> int:
    """Answer the one request on standard input."""
    request = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    try:
        for answer in _answers(request):
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()
    except (EspeakError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
