"""One utterance of a corpus, and whether its recording is there."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Utterance:
    """One recording and what is said in it; the id is unique in its corpus."""

    id: str
    audio_path: Path
    text: str


def is_file(path: Path) -> bool:
    """Whether ``path`` is a file: False also for names that the system refuses as too long."""
    try:
        return path.is_file()
    except OSError:
        return False
