"""Phonemes: cleaned texts as they sound, in IPA, with their punctuation."""

import re
from collections.abc import Iterator, Sequence

from trainer.text.arpabet import split_phonemes
from trainer.text.language import Language
from trainer.text.phoneme_client import spoken_ipa
from trainer.text.phoneme_stress import ACUTE, acute_stress
from trainer.text.typography import collapse

_DASH = re.compile(rf"--+|—|(?<![\w'{ACUTE}])-|-(?![\w'+])")
_LETTERS: dict[Language, str] = {"en": "a-z", "ru": "а-яёa-z"}


def _words(letters: str) -> re.Pattern[str]:
    word = rf"['-]*[{letters}][{letters}'+{ACUTE}-]*"
    stressed = rf"\+?{word}"
    return re.compile(rf"{stressed}(?: {stressed})*")


_PHRASES = {language: _words(letters) for language, letters in _LETTERS.items()}
"""Words with nothing but single spaces between them: what espeak-ng reads at a time."""


def phonemize(texts: Sequence[str], language: Language) -> list[str]:
    """Cleaned ``texts`` in IPA, as espeak-ng speaks ``language``; punctuation stays where it is.

    One process speaks all the texts, phrase by phrase. A phrase ends at any punctuation mark. In
    Russian the stress marks ``+`` and U+0301 decide where the stress falls, and words in Latin
    letters are read as English. What belongs to neither words nor punctuation (other scripts,
    ARPAbet in braces) comes back as it is, for the symbol table to know or to report.

    Raises:
        BadInputError: espeak-ng is not installed.
        RuntimeError: espeak-ng failed; carries what it said.
    """
    pieces = [list(_pieces(text, language)) for text in texts]
    phrases = tuple(dict.fromkeys(phrase for parts in pieces for phrase, _ in parts if phrase))
    spoken = dict(zip(phrases, spoken_ipa(phrases, language), strict=True))
    return [collapse("".join(spoken.get(phrase, kept) for phrase, kept in p)) for p in pieces]


def _pieces(text: str, language: Language) -> Iterator[tuple[str, str]]:
    """The pieces of a cleaned text in order: ``(phrase, "")`` or ``("", what is kept)``."""
    for plain, arpabet in split_phonemes(text):
        if arpabet:
            yield "", f"{{{' '.join(arpabet)}}}"
            continue
        dashed = _DASH.sub(" — ", plain)
        start = 0
        for match in _PHRASES[language].finditer(dashed):
            yield "", _kept(dashed[start : match.start()])
            yield acute_stress(match[0]), ""
            start = match.end()
        yield "", _kept(dashed[start:])


def _kept(between: str) -> str:
    """What is kept of the characters between phrases: no apostrophes, no lone stress marks."""
    return between.translate({ord(sign): None for sign in f"'{ACUTE}"})
