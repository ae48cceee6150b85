"""Russian numbers in words: cardinals and ordinals in every case and gender."""

import re

from num2words import num2words

INTEGER = r"[0-9]+"
NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
"""An integer or a decimal fraction, with a comma or a dot."""

_DIGITS = (
    "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять",
)  # fmt: skip
_ONE_THOUSAND = re.compile(r"^одн\w+ (?=тысяч)")
_MOST_DIGITS = 15  # longer ones are identifiers, which are read digit by digit
_MOST_DECIMALS = 6  # to millionths
# In compounds (стопятидесятый, девяностолетний) these keep their nominative or their own form.
_IN_COMPOUNDS = {
    "одного": "одно",
    "одной": "одно",
    "девяноста": "девяносто",
    "ста": "сто",
    "тысячи": "тысяче",
}


def digit_by_digit(digits: str) -> str:
    """``digits`` one after the other: ``007`` is ноль ноль семь."""
    return " ".join(_DIGITS[int(digit)] for digit in digits)


def cardinal(digits: str, case: str = "n", gender: str = "m") -> str:
    """A written integer in words; digit by digit with leading zeros or beyond 15 digits.

    Args:
        digits: Decimal digits only.
        case: ``n``, ``g``, ``d``, ``a``, ``i`` or ``p``, as num2words names the cases.
        gender: ``m``, ``f`` or ``n``.
    """
    if len(digits) > _MOST_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits)
    words: str = num2words(int(digits), lang="ru", case=case, gender=gender)
    return _thousand(words)


def ordinal(digits: str, case: str = "n", gender: str = "m", plural: bool = False) -> str:
    """A written integer as an ordinal in words: ``1999`` is тысяча девятьсот … девятый."""
    if len(digits) > _MOST_DIGITS:
        return f"{digit_by_digit(digits[:-1])} {ordinal(digits[-1], case, gender, plural)}"
    words: str = num2words(
        int(digits),
        lang="ru",
        to="ordinal",
        case=case,
        gender=gender,
        plural=plural,
        animate=False,
    )
    return _thousand(words)


def number(written: str, case: str = "n", gender: str = "m") -> str:
    """A written integer or decimal: ``2,5`` is две целых пять десятых.

    Decimals know the nominative and the genitive (``g``).
    """
    whole, _, fraction = written.replace(",", ".").partition(".")
    if not fraction:
        return cardinal(whole, case, gender)
    if len(whole) > _MOST_DIGITS or len(fraction) > _MOST_DECIMALS:
        return f"{cardinal(whole)} запятая {digit_by_digit(fraction)}"
    if case == "g":
        return _genitive_decimal(str(int(whole)), fraction)
    return _thousand(num2words(f"{int(whole)}.{fraction}", lang="ru"))


def in_compound(digits: str) -> str:
    """The number as the first part of a word: ``25`` (-летний) is двадцатипяти."""
    words = cardinal(digits, case="g").split()
    return "".join(_IN_COMPOUNDS.get(word, word) for word in words)


def _genitive_decimal(whole: str, fraction: str) -> str:
    parts, one_part = str(int(fraction)), _ends_in_one(fraction)
    entire = "целой" if _ends_in_one(whole) else "целых"
    share = ordinal(str(10 ** len(fraction)), "g", "f", plural=not one_part)
    return f"{cardinal(whole, 'g', 'f')} {entire} {cardinal(parts, 'g', 'f')} {share}"


def _ends_in_one(digits: str) -> bool:
    return digits[-1] == "1" and digits[-2:] != "11"


def _thousand(words: str) -> str:
    """``words`` without the "one" that nobody says before a leading thousand."""
    return _ONE_THOUSAND.sub("", words)
