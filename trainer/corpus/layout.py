"""A corpus ready for use: LJSpeech folders and NVIDIA filelists."""

from dataclasses import dataclass, field
from pathlib import Path

from trainer.corpus.listing import list_corpus
from trainer.corpus.utterance import Utterance
from trainer.exit_codes import BadInputError
from trainer.text import Language


@dataclass(frozen=True)
class Corpus:
    """Recordings with their texts: every file exists and every text can be spoken."""

    root: Path
    utterances: tuple[Utterance, ...]
    language: Language
    path: Path | None = field(default=None, compare=False)
    """As it was named, a folder or a filelist; None: as ``root``."""

    @property
    def named(self) -> Path:
        """What to call it by in words to people: the filelist rather than its folder."""
        return self.root if self.path is None else self.path


def load_corpus(path: Path) -> Corpus:
    """Load the corpus at ``path``.

    A folder has the LJSpeech layout: ``metadata.csv`` with rows ``id|text`` or
    ``id|text|normalised text`` (the last that isn't empty counts), ``wavs/ID.wav`` or
    ``wavs/ID.flac``. A file is an NVIDIA filelist with rows ``path|text`` or
    ``path|text|speaker``; paths are absolute, or relative to the list's folder or to the working
    directory. Audio is not opened here: see :func:`trainer.corpus.verify_audio`.

    Raises:
        BadInputError: the first problem, in one line that names it and its remedy.
    """
    listing = list_corpus(path)
    if listing.problems:
        raise BadInputError(listing.problems[0].line)
    return Corpus(listing.root, listing.utterances, listing.language, path)
