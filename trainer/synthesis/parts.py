"""A text cut into the parts that are spoken one by one, and the pauses between them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from trainer.synthesis.sentences import paragraphs, sentences
from trainer.text import Language, clean_text

_WORD = re.compile(r"(?:\{[^{}]*\}|\S)+")
_CONJUNCTIONS = {
    "en": "and but or nor so yet because although though while when where which who that if then",
    "ru": "и а но или либо что чтобы потому хотя пока когда где который которая которое которые "
    "если то так как",
}
_EDGE = 0.2
"""A cut nearer than this share of a part to its ends leaves a stump: another kind is tried."""


class Pause(Enum):
    """What follows a part; the value counts lengths of the pause between sentences."""

    NONE = 0.0
    WORD = 0.25
    CLAUSE = 0.5
    SENTENCE = 1.0
    PARAGRAPH = 2.0


@dataclass(frozen=True)
class Part:
    """A sentence, or a piece of one that is too long."""

    text: str
    """As written; a piece of a cut sentence as it is spoken."""
    pause: Pause
    """After it."""


def split_text(text: str, language: Language, max_symbols: int) -> list[Part]:
    """Cut ``text`` into sentences, and those beyond ``max_symbols`` into pieces.

    Args:
        text: Lines are paragraphs.
        language: Whose abbreviations and conjunctions.
        max_symbols: The most characters of a part, as it is spoken (numbers in words).
    """
    parts: list[Part] = []
    for paragraph in paragraphs(text):
        for sentence in sentences(paragraph, language):
            parts += _pieces(sentence, language, max_symbols)
        parts[-1] = Part(parts[-1].text, Pause.PARAGRAPH)
    if parts:
        parts[-1] = Part(parts[-1].text, Pause.NONE)
    return parts


def _pieces(sentence: str, language: Language, max_symbols: int) -> list[Part]:
    spoken = clean_text(sentence, language)
    if len(spoken) <= max_symbols:
        return [Part(sentence, Pause.SENTENCE)]
    return _halves(_words(spoken, max_symbols), Pause.SENTENCE, language, max_symbols)


def _words(spoken: str, max_symbols: int) -> list[str]:
    """The words of ``spoken``; one that is too long by itself, in pieces."""
    return [
        word[start : start + max_symbols]
        for word in _WORD.findall(spoken)
        for start in range(0, len(word), max_symbols)
    ]


def _halves(words: Sequence[str], after: Pause, language: Language, max_symbols: int) -> list[Part]:
    text = " ".join(words)
    if len(text) <= max_symbols or len(words) < 2:
        return [Part(text, after)]
    cut, pause = _cut(words, language)
    left = _halves(words[:cut], pause, language, max_symbols)
    return left + _halves(words[cut:], after, language, max_symbols)


def _cut(words: Sequence[str], language: Language) -> tuple[int, Pause]:
    """Before which word to cut: near the middle, at the strongest mark there is."""
    position, positions = 0, []
    for word in words:
        positions.append(position)
        position += len(word) + 1
    conjunctions = frozenset(_CONJUNCTIONS[language].split())
    kinds: tuple[tuple[Callable[[int], bool], Pause], ...] = (
        (lambda i: _ends(words[i - 1], ".!?"), Pause.SENTENCE),
        (lambda i: _ends(words[i - 1], ";:") or words[i - 1].strip("-–—") == "", Pause.CLAUSE),
        (lambda i: _ends(words[i - 1], ","), Pause.CLAUSE),
        (lambda i: words[i] in conjunctions, Pause.WORD),
        (lambda i: True, Pause.WORD),
    )
    for edge in (_EDGE, 0.0):
        low, high = edge * position, (1 - edge) * position
        for is_mark, pause in kinds:
            cuts = [i for i in range(1, len(words)) if low <= positions[i] <= high and is_mark(i)]
            if cuts:
                return min(cuts, key=lambda i: abs(positions[i] - position / 2)), pause
    raise AssertionError("a cut before any word but the first is always possible")


def _ends(word: str, marks: str) -> bool:
    return word.rstrip("\"')")[-1:] in set(marks)
