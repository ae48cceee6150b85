"""Speaks a list of texts with espeak-ng: a process of its own, started afresh for each list.

espeak-ng's output repeats, bit for bit, only in a fresh process with seeded random states and
for the same list in the same order. It is GPLv3 software and stays behind this process boundary:

* standard input: one JSON object, ``{"voice", "rate", "pitch", "volume", "texts"}`` (UTF-8);
* standard output: for each text its number of samples (uint32, little-endian), then the samples
  (int16, mono, at :data:`trainer.espeak.SAMPLING_RATE`);
* exit code 0, or 1 with one line on standard error.
"""

import ctypes
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.espeak import UTF8, EspeakError, check, load_espeak, set_voice, short_data_path

_BY_CHARACTER = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3}
"""Numbers of ``espeak_PARAMETER`` in espeak-ng's ``speak_lib.h``."""
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


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
        self._library = load_espeak(data_path)
        self._pieces: list[bytes] = []
        self._callback = _CALLBACK(self._collect)  # kept: the library holds a bare pointer
        self._library.espeak_SetSynthCallback(self._callback)
        set_voice(self._library, voice)
        for name, value in parameters.items():
            code = self._library.espeak_SetParameter(_PARAMETERS[name], value, 0)
            check("SetParameter", code, f"{name}={value}")

    def speak(self, text: str) -> bytes:
        """The samples of ``text``: int16, mono, at :data:`trainer.espeak.SAMPLING_RATE`."""
        self._pieces.clear()
        data = text.encode("utf-8") + b"\0"
        code = self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, _BY_CHARACTER, 0, UTF8, None, None
        )
        check("Synth", code, text)
        check("Synchronize", self._library.espeak_Synchronize(), text)
        return b"".join(self._pieces)

    def _collect(self, samples: Any, n_samples: int, _events: Any) -> int:
        if samples and n_samples > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * n_samples))
        return 0


def _answers(request: dict[str, Any]) -> Iterator[bytes]:
    parameters = {name: int(request[name]) for name in _PARAMETERS}
    with short_data_path() as data_path:
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
