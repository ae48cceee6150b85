"""The texts to speak: one from the command line, or a file of them, one a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.exit_codes import BadInputError

_FORBIDDEN = frozenset('/\\:*?"<>\0')


@dataclass(frozen=True)
class Text:
    """One text, which becomes one WAV."""

    text: str
    out: Path


def single_text(text: str, out: Path) -> list[Text]:
    """``text`` for the WAV ``out``; :class:`BadInputError` where ``out`` is named otherwise."""
    if out.suffix.lower() != ".wav":
        raise BadInputError(f"{out}: only WAV is written; let the name end in .wav")
    return [Text(text, out)]


def read_texts(path: Path, folder: Path) -> list[Text]:
    """The texts in the file ``path``, one a line, each for a WAV in ``folder``.

    A line ``name|text`` goes to ``name.wav``, any other to its line's number (``0007.wav``); empty
    lines are left out.

    Raises:
        BadInputError: The file can't be read or holds no text, a name can't be a file's, or two
            lines have the same.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInputError(f"{folder} is a file: with --text-file, OUT is the folder of the WAVs")
    lines = _lines(path)
    texts = [
        _named(line, number, path, folder) for number, line in enumerate(lines, 1) if line.strip()
    ]
    if not texts:
        raise BadInputError(f"text file {path} is empty: write one text a line")
    _require_different(texts, path)
    return texts


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise BadInputError(f"text file {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"text file {path} is not UTF-8 (byte {error.start}): save it as UTF-8"
        ) from None


def _named(line: str, number: int, path: Path, folder: Path) -> Text:
    name, bar, text = line.partition("|")
    if not bar:
        return Text(line.strip(), folder / f"{number:04d}.wav")
    name = name.strip().removesuffix(".wav")
    if not name or name.startswith(".") or _FORBIDDEN & set(name):
        raise BadInputError(
            f"text file {path}, line {number}: '{name}' can't be a file's name; write name|text"
        )
    return Text(text.strip(), folder / f"{name}.wav")


def _require_different(texts: Sequence[Text], path: Path) -> None:
    seen: set[Path] = set()
    for text in texts:
        if text.out in seen:
            raise BadInputError(f"text file {path}: two lines are named '{text.out.stem}'")
        seen.add(text.out)
