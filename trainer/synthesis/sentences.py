"""Where a text falls into sentences.

A stop ends a sentence only if the cleaner still hears it there: what it speaks in full
("Mr. Smith", "и т. д.", "J. R. R. Tolkien", "3.14") ends none. So abbreviations are known in one
place.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trainer.text import Language, clean_text

_WORD = re.compile(r"(?:\{[^{}]*\}|\S)+")  # phonemes in braces stay together
_STOP = re.compile(r"[.!?…][\"'”’»›)\]]*$")
_OPENING = "\"'“‘„«‹([—–-"
_PARAGRAPH = re.compile(r"\s*\n\s*")
_CONTEXT = 4
"""Words before a stop that the cleaner sees: enough for "до н. э."."""
_MARKS = {"en": "Xylo", "ru": "Щавель"}
_NUMBER = "5"
_OPENS, _CLOSES = "«‹„([{", "»›”)]}"
_EITHER = '"“'
"""Opens what is closed, and closes what is open: „so“, “so”, "so"."""
_CLOSED_BY_EITHER = '"“„'


def paragraphs(text: str) -> list[str]:
    """The lines of ``text``, without empty ones."""
    return [line for line in _PARAGRAPH.split(text.strip()) if line]


def sentences(paragraph: str, language: Language) -> list[str]:
    """The sentences of one paragraph, as written.

    What stands in quotes or brackets stays together with its sentence. A small letter begins no
    sentence, unless the paragraph has no capital at all.
    """
    words = [match[0] for match in _WORD.finditer(paragraph)]
    ends = [i + 1 for i in _boundaries(words, language)]
    starts = [0, *ends]
    return [
        " ".join(words[start:end])
        for start, end in zip(starts, [*ends, len(words)], strict=True)
        if words[start:end]
    ]


def _boundaries(words: Sequence[str], language: Language) -> Iterator[int]:
    """The numbers of the words that end a sentence before the last."""
    has_case = any(word != word.lower() for word in words)
    inside = _inside(words)
    for i, (word, following) in enumerate(pairwise(words)):
        if inside[i] or not _STOP.search(word):
            continue
        first = _first_letter(words[i + 1 :])
        begins = not has_case or first.isupper() or first.isdigit() or first == "{"
        if begins and _heard(words[max(0, i - _CONTEXT) : i + 1], following, language):
            yield i


def _first_letter(words: Sequence[str]) -> str:
    """What a sentence would begin with, after dashes and opening quotes."""
    return next((rest[0] for word in words if (rest := word.lstrip(_OPENING))), "")


def _heard(words: Sequence[str], following: str, language: Language) -> bool:
    """Whether a stop is spoken after the last of ``words``."""
    opening = following[: len(following) - len(following.lstrip(_OPENING))]
    mark = _NUMBER if following.lstrip(_OPENING)[:1].isdigit() else _MARKS[language]
    spoken = clean_text(f"{' '.join(words)} {opening} {mark}", language)
    end = clean_text(mark, language)
    if not spoken.endswith(end):
        return False
    before = spoken.removesuffix(end).rstrip(_OPENING + ") ")
    return before[-1:] in {".", "!", "?"}


def _inside(words: Sequence[str]) -> list[bool]:
    """For each word, whether a quote or bracket is open after it; none where they don't match."""
    open_marks: list[str] = []
    inside = []
    for word in words:
        for character in word:
            closes = bool(open_marks) and open_marks[-1] in _CLOSED_BY_EITHER
            if character in _OPENS or (character in _EITHER and not closes):
                open_marks.append(character)
            elif character in _EITHER + _CLOSES:
                if not open_marks:
                    return [False] * len(words)
                open_marks.pop()
        inside.append(bool(open_marks))
    return [False] * len(words) if open_marks else inside
