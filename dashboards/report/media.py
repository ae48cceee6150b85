"""Pictures and sound as parts of a document."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_RIFF, _WAVE = b"RIFF", b"WAVE"
_LARGEST = 20 * 2**20


@dataclass(frozen=True)
class Medium:
    """A picture or a recording; or why there is none."""

    uri: str | None
    """``data:…``"""
    problem: str = ""
    """One of the codes of :data:`dashboards.report.texts.PROBLEMS`."""


def picture(path: str | None) -> Medium:
    """The PNG at ``path``."""
    return _medium(path, "image/png", lambda data: data.startswith(_PNG))


def sound(path: str | None) -> Medium:
    """The WAV at ``path``."""
    return _medium(path, "audio/wav", lambda data: data.startswith(_RIFF) and data[8:12] == _WAVE)


def _medium(path: str | None, kind: str, is_of_kind: Callable[[bytes], bool]) -> Medium:
    """What the database names may be anything: only what is of the kind goes into a document."""
    if path is None:
        return Medium(None, "none")
    try:
        if Path(path).stat().st_size > _LARGEST:
            return Medium(None, "too_large")
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return Medium(None, "gone")
    except (OSError, ValueError):  # a path may hold what no file system takes
        return Medium(None, "unreadable")
    if not is_of_kind(data):
        return Medium(None, "of_another_kind")
    return Medium(f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}")
