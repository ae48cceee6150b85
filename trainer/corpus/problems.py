"""What can be wrong with a corpus's list, each problem found in all of its rows at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.corpus.rows import Row
from trainer.corpus.utterance import Utterance, is_file
from trainer.text import Language, clean_text, default_symbols, symbol_table

MIN_UTTERANCES = 8
"""Four held out and four to train on: fewer can't be split."""


@dataclass(frozen=True)
class Problem:
    """Something in the list that must be mended: a stable code, what, how, and which ids."""

    code: str
    message: str
    remedy: str
    ids: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The problem and its remedy in one line."""
        return f"{self.message}; {self.remedy}"


def row_problems(source: Path, rows: Sequence[Row]) -> Iterator[Problem]:
    """Rows without a separator."""
    bad = [row for row in rows if not row.fields]
    if bad:
        yield Problem(
            "no_separator",
            f"{source}: line {bad[0].line} has no '|' ({_short(bad[0].key)!r}){_others(bad)}",
            "write 'id|text', or 'path|text' in a filelist",
        )


def utterance_problems(
    source: Path, utterances: Sequence[Utterance], language: Language
) -> Iterator[Problem]:
    """Problems of single utterances, then of their number; ``source`` is the list's file."""
    if any(not utterance.id for utterance in utterances):
        yield Problem("empty_id", f"{source}: has a row without an id", "name its recording")
    yield from _duplicate_ids(source, utterances)
    yield from _missing_audio(source, utterances)
    yield from _empty_texts(source, utterances)
    yield from _unspeakable_texts(source, utterances, language)
    if len(utterances) < MIN_UTTERANCES:
        yield Problem(
            "too_few",
            f"{source}: has {_count(len(utterances), 'utterance')}",
            f"add recordings: a corpus needs at least {MIN_UTTERANCES}, of which 4 are held out",
        )


def _duplicate_ids(source: Path, utterances: Sequence[Utterance]) -> Iterator[Problem]:
    counts = Counter(utterance.id for utterance in utterances)
    repeated = tuple(name for name, count in counts.items() if count > 1)
    if repeated:
        yield Problem(
            "duplicate_ids",
            f"{source}: the id {repeated[0]!r} stands in {counts[repeated[0]]} rows"
            f"{_others(repeated)}",
            "give each recording one row and an id of its own",
            repeated,
        )


def _missing_audio(source: Path, utterances: Sequence[Utterance]) -> Iterator[Problem]:
    missing = [utterance for utterance in utterances if not is_file(utterance.audio_path)]
    if missing:
        yield Problem(
            "missing_audio",
            f"{source}: the recording of {_short(missing[0].id)!r} is missing "
            f"({_short(str(missing[0].audio_path), 200)}){_others(missing)}",
            "add the file or remove the row",
            _ids(missing),
        )


def _empty_texts(source: Path, utterances: Sequence[Utterance]) -> Iterator[Problem]:
    empty = [utterance for utterance in utterances if not utterance.text]
    if empty:
        yield Problem(
            "empty_text",
            f"{source}: the text of {empty[0].id!r} is empty{_others(empty)}",
            "write what is said or remove the row",
            _ids(empty),
        )


def _unspeakable_texts(
    source: Path, utterances: Sequence[Utterance], language: Language
) -> Iterator[Problem]:
    """Texts of which the language's symbol table knows no letter, even after cleaning."""
    table = symbol_table(default_symbols(language))
    letters = {symbol for symbol in table.symbols if symbol.isalpha()}

    def has_letter(text: str) -> bool:
        return not letters.isdisjoint(text)

    bad = [
        utterance
        for utterance in utterances
        if utterance.text
        and not has_letter(utterance.text.lower())  # spares most texts the cleaning
        and not has_letter(clean_text(utterance.text, language))
    ]
    if bad:
        yield Problem(
            "no_known_symbol",
            f"{source}: the text of {bad[0].id!r} has no known symbol "
            f"({_short(bad[0].text)!r}){_others(bad)}",
            f"write it in letters of the table {table.name!r} or remove the row",
            _ids(bad),
        )


def _ids(utterances: Sequence[Utterance]) -> tuple[str, ...]:
    return tuple(utterance.id for utterance in utterances)


def _short(text: str, n_characters: int = 40) -> str:
    return text if len(text) <= n_characters else f"{text[:n_characters]}…"


def _others(found: Sequence[object]) -> str:
    """How many there are beyond the first, which is named."""
    return f", and {len(found) - 1} more" if len(found) > 1 else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
