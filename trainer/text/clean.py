"""Cleaning: what is written becomes what is spoken."""

import unicodedata

from trainer.text.arpabet import split_phonemes
from trainer.text.english import clean_english
from trainer.text.language import Language
from trainer.text.russian import clean_russian
from trainer.text.typography import collapse

_CLEANERS = {"en": clean_english, "ru": clean_russian}


def clean_text(text: str, language: Language) -> str:
    """``text`` as it is spoken: lower case, numbers and abbreviations spelled out.

    Typography is made plain, white space single. ARPAbet in braces stays as it is. No text
    is an error: what cannot be spoken is left for :func:`trainer.text.unknown_symbols` to name.
    """
    clean = _CLEANERS[language]
    pieces = (
        f"{{{' '.join(phonemes)}}}" if phonemes else _keep_edges(plain, clean(plain))
        for plain, phonemes in split_phonemes(text)
    )
    return unicodedata.normalize("NFC", collapse("".join(pieces)))


def _keep_edges(written: str, cleaned: str) -> str:
    """``cleaned`` with a space at each end where ``written`` had one."""
    return " " * written[:1].isspace() + cleaned + " " * written[-1:].isspace()
