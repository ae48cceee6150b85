"""English: what is written becomes what is spoken, in lower-case ASCII where it can be.

The result suits both the table ``en`` and NVIDIA's, whose ``english_cleaners`` it follows in
order and effect (ASCII, lower case, numbers, abbreviations, white space).
"""

import unicodedata

from trainer.text.english_abbreviations import ABBREVIATION_RULES
from trainer.text.english_dates import DATE_RULES
from trainer.text.english_measures import MEASURE_RULES
from trainer.text.english_numbers import (
    INTEGER,
    cardinal,
    digit_by_digit,
    integer_or_year,
    number,
    ordinal,
)
from trainer.text.rewrite import Rule, apply_rules, rule
from trainer.text.typography import collapse, unify

_FRACTIONS = {
    "½": "one half",
    "⅓": "one third",
    "⅔": "two thirds",
    "¼": "one quarter",
    "¾": "three quarters",
}
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l",
        "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
    }
)  # fmt: skip
_DASH_RULES = (
    rule(r"(?<=[0-9])[–—](?=[0-9])", " to "),
    rule(r" – ", " -- "),
    rule(r"—", "--"),  # as LJSpeech writes a pause
    rule(r"–", "-"),
    rule(r"-{3,}", "--"),
    rule(r" ?− ?|(?<![^\s(])-(?=[$£€]?[0-9])", " minus "),
)
_NUMBER_RULES = (
    rule(rf"(?<![\w.])({INTEGER})(?:st|nd|rd|th|ST|ND|RD|TH)(?!\w)", lambda m: ordinal(m[1])),
    rule(r"([0-9]) ?([½⅓⅔¼¾])", lambda m: f"{m[1]} and {_FRACTIONS[m[2]]}"),
    rule(r"[½⅓⅔¼¾]", lambda m: _FRACTIONS[m[0]]),
    rule(rf"(?<![0-9.])({INTEGER}\.[0-9]+)(?!\.?[0-9])", lambda m: number(m[1])),
    rule(r"(?<![\w.])\.([0-9]+)", lambda m: f"point {digit_by_digit(m[1])}"),
    rule(
        rf"({INTEGER})",
        lambda m: cardinal(m[1]) if "," in m[1] else integer_or_year(m[1]),
    ),
)
_SYMBOL_RULES = (
    rule(r"(?:№|#) ?(?=[0-9])", "number "),
    rule(r"~ ?(?=[0-9])", "about "),
    rule(  # 1.2.3
        r"(?<![\w.,])[0-9]+(?:\.[0-9]+){2,}",
        lambda m: " point ".join(cardinal(part) for part in m[0].split(".")),
    ),
    rule(r"(?<=[0-9])[:/](?=[0-9])", " "),
    rule(r" ?& ?", " and "),
    rule(r" ?@ ?", " at "),
    rule(r" ?\+ ?", " plus "),
    rule(r" ?= ?", " equals "),
    rule(r" ?× ?", " times "),
    rule(r" ?% ?", " percent "),
    rule(r" ?/ ?", " "),
)
_RULES: tuple[Rule, ...] = (
    *_DASH_RULES,
    *MEASURE_RULES,
    *ABBREVIATION_RULES,
    *DATE_RULES,
    *_SYMBOL_RULES,
    *_NUMBER_RULES,
)


def clean_english(text: str) -> str:
    """``text`` as an English speaker reads it: lower case, accents off, numbers in words."""
    return collapse(apply_rules(_RULES, _without_accents(unify(text))).lower())


def _without_accents(text: str) -> str:
    """``text`` with accented Latin letters in ASCII; letters of other scripts stay."""
    kept: list[str] = []
    for character in text.translate(_LETTERS):
        if not unicodedata.combining(character):
            kept.append(_ascii_letter(character))
        elif not (kept and kept[-1][-1:].isascii()):
            kept.append(character)
    return "".join(kept)


def _ascii_letter(character: str) -> str:
    if character.isascii() or not character.isalpha():
        return character
    parts = unicodedata.normalize("NFKD", character)
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    return bare if bare.isascii() and bare.isalpha() else character
