"""The rows of a metadata file or a filelist: ``key|text|...``, UTF-8, no quoting."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from trainer.exit_codes import BadInputError

_RECORDINGS = (b"RIFF", b"RIFX", b"fLaC", b"OggS")
"""How the files begin that are most easily taken for the list of them."""


@dataclass(frozen=True)
class Row:
    """One row: its line number (from 1), the stripped first field, and the stripped others."""

    line: int
    key: str
    fields: tuple[str, ...]

    @property
    def last_text(self) -> str:
        """The last field that isn't empty (LJSpeech: the normalised text comes last)."""
        return next((field for field in reversed(self.fields) if field), "")

    @property
    def first_text(self) -> str:
        """The field after the key (NVIDIA filelists: a speaker may follow)."""
        return self.fields[0] if self.fields else ""


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of ``path``, blank lines left out; a byte order mark is passed over.

    Raises:
        BadInputError: not readable, not UTF-8, or without a row.
    """
    lines = _read_text(path).split("\n")
    rows = tuple(
        _row(number, line) for number, line in enumerate(lines, start=1) if line.strip(" \t\r")
    )
    if not rows:
        raise BadInputError(f"{path}: is empty; write one row 'id|text' for each recording")
    return rows


def _row(number: int, line: str) -> Row:
    key, *fields = (field.strip() for field in line.split("|"))
    return Row(number, key, tuple(fields))


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInputError(
            f"{path}: can't be read ({error.strerror}); mend its permissions"
        ) from error
    _require_text(path, data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInputError(
            f"{path}: line {line} is not UTF-8 text; convert the file, for instance with "
            "'iconv -f cp1251 -t utf-8'"
        ) from error


def _require_text(path: Path, data: bytes) -> None:
    remedy = "give a filelist of rows 'path|text', or a folder with metadata.csv and wavs/"
    if data.startswith(_RECORDINGS):
        raise BadInputError(f"{path}: is a recording, not a list of recordings; {remedy}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInputError(
            f"{path}: is UTF-16, not UTF-8 text; convert the file, for instance with "
            "'iconv -f UTF-16 -t utf-8'"
        )
    if b"\0" in data:
        raise BadInputError(f"{path}: is binary, not a list of recordings; {remedy}")
