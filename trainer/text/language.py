"""The languages that texts can be in, told apart by their script."""

import re
from collections.abc import Iterable
from typing import Literal

Language = Literal["en", "ru"]

_CYRILLIC = re.compile(r"[\u0400-\u052f]+")
_LATIN = re.compile(r"[A-Za-z]+")


def detect_language(texts: Iterable[str]) -> Language:
    """``ru`` where Cyrillic letters outnumber the Latin ones, else ``en``."""
    balance = 0
    for text in texts:
        balance += _letters(_CYRILLIC, text) - _letters(_LATIN, text)
    return "ru" if balance > 0 else "en"


def default_symbols(language: Language) -> str:
    """The name of the symbol table made for ``language`` (:func:`trainer.text.symbol_table`)."""
    return language


def _letters(script: re.Pattern[str], text: str) -> int:
    return sum(map(len, script.findall(text)))
