"""Everything that a corpus's list says, with every problem in it: nothing stops at the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath

from trainer.corpus.problems import Problem, row_problems, utterance_problems
from trainer.corpus.rows import Row, read_rows
from trainer.corpus.utterance import Utterance, is_file
from trainer.exit_codes import BadInputError
from trainer.text import Language, detect_language

METADATA = "metadata.csv"
AUDIO_SUFFIXES = (".wav", ".flac", ".WAV", ".FLAC")


@dataclass(frozen=True)
class Listing:
    """The utterances of a corpus as listed, sound or not, and the problems among them."""

    root: Path
    utterances: tuple[Utterance, ...]
    language: Language
    problems: tuple[Problem, ...]


def list_corpus(path: Path) -> Listing:
    """Read the list of the corpus at ``path`` (see :func:`trainer.corpus.load_corpus`).

    Raises:
        BadInputError: there is no list to read at all.
    """
    source = _source(path)
    rows = read_rows(source)
    usable = [row for row in rows if row.fields]
    if source.name == METADATA:
        utterances = tuple(_ljspeech_utterance(source.parent, row) for row in usable)
    else:
        utterances = _filelist_utterances(source.parent, usable)
    language = detect_language(utterance.text for utterance in utterances)
    problems = (*row_problems(source, rows), *utterance_problems(source, utterances, language))
    return Listing(source.parent, utterances, language, problems)


def _source(path: Path) -> Path:
    """The file with the rows: ``path`` itself, or the metadata in it."""
    if not _exists(path):
        raise BadInputError(
            f"corpus '{path}': no such file or directory; give a folder with {METADATA} and "
            "wavs/, or a filelist"
        )
    if not path.is_dir():
        return path
    if not is_file(path / METADATA):
        raise BadInputError(
            f"corpus '{path}': has no {METADATA}; write one with a row 'id|text' for each "
            "recording in wavs/"
        )
    return path / METADATA


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise BadInputError(
            f"corpus '{path}': can't be read ({error.strerror}); mend the name or the permissions"
        ) from error


def _ljspeech_utterance(root: Path, row: Row) -> Utterance:
    suffix = next((suffix for suffix in AUDIO_SUFFIXES if row.key.endswith(suffix)), "")
    name = row.key.removesuffix(suffix)
    candidates = [root / "wavs" / f"{name}{suffix}" for suffix in AUDIO_SUFFIXES]
    found = next((path for path in candidates if is_file(path)), candidates[0])
    return Utterance(name, found, row.last_text)


def _filelist_utterances(root: Path, rows: Sequence[Row]) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(name, _located(root, row.key), row.first_text)
        for name, row in zip(_filelist_ids([row.key for row in rows]), rows, strict=True)
    )


def _filelist_ids(keys: Sequence[str]) -> list[str]:
    """The files' stems; where stems repeat, the paths below the folder that all share."""
    stems = [PurePath(key).stem for key in keys]
    if len(set(stems)) == len(stems):
        return stems
    folders = [PurePath(key).parent.parts for key in keys]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
    n_shared = sum(1 for _ in shared)
    return [
        PurePath(*parts[n_shared:], stem).as_posix()
        for parts, stem in zip(folders, stems, strict=True)
    ]


def _located(root: Path, key: str) -> Path:
    """``key`` beside the list if it is there, else below the working directory."""
    beside, here = root / key, Path.cwd() / key
    return here if is_file(here) and not is_file(beside) else beside
