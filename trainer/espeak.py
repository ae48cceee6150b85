"""espeak-ng, loaded into this process: GPLv3 software, so that only workers import this module.

A worker is a process of its own, started afresh for each list of texts: espeak-ng's output repeats
only so.
"""

import ctypes
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import espeakng_loader

SAMPLING_RATE = 22_050
UTF8 = 1
"""``espeakCHARS_UTF8``, for both speech and phonemes."""
_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000


class EspeakError(Exception):
    """espeak-ng refused a call: which, and with what return code."""


def load_espeak(data_path: Path) -> ctypes.CDLL:
    """espeak-ng's library, initialised and seeded; use it from one thread.

    Args:
        data_path: espeak-ng's data (:func:`short_data_path`), read as long as the library is used.

    Raises:
        EspeakError: the library did not start.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, str(data_path).encode(), _DO_NOT_EXIT)
    if rate != SAMPLING_RATE:
        raise EspeakError(f"espeak_Initialize answered {rate}, not {SAMPLING_RATE}")
    check("SetRandSeed", library.espeak_ng_SetRandSeed(ctypes.c_long(1)), "1")
    ctypes.CDLL(None).srand(1)
    return library


def set_voice(library: ctypes.CDLL, voice: str) -> None:
    """Speak with ``voice``, such as ``en-us`` or ``ru``.

    Raises:
        EspeakError: espeak-ng does not know it (and would go on with another).
    """
    check("SetVoiceByName", library.espeak_SetVoiceByName(voice.encode()), voice)


def check(call: str, code: int, argument: str) -> None:
    """Raise EspeakError where ``call`` returned anything but 0."""
    if code != 0:
        raise EspeakError(f"espeak-ng: {call}({argument!r}) returned {code}")


@contextmanager
def short_data_path() -> Iterator[Path]:
    """A link to espeak-ng's data: the library silently cuts off long paths."""
    with tempfile.TemporaryDirectory(prefix="espeak-") as folder:
        link = Path(folder, "espeak-ng-data")
        link.symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
        yield link
