"""English numbers in words, without "and" and commas, as American speakers read them."""

import re

from num2words import num2words

INTEGER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
"""An integer, perhaps with commas between thousands."""
NUMBER = rf"{INTEGER}(?:\.[0-9]+)?"
"""An integer or a decimal fraction."""

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MOST_DIGITS = 15  # longer ones are identifiers, which are read digit by digit
_YEARS = range(1100, 2100)
_AND = re.compile(r" and |, ")


def digit_by_digit(digits: str) -> str:
    """``digits`` one after the other: ``007`` is zero zero seven."""
    return " ".join(_DIGITS[int(digit)] for digit in digits)


def cardinal(written: str) -> str:
    """A written integer in words; digit by digit with leading zeros or beyond 15 digits."""
    digits = written.replace(",", "")
    if len(digits) > _MOST_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits)
    return _AND.sub(" ", num2words(int(digits)))


def ordinal(written: str) -> str:
    """A written integer as an ordinal in words: ``1,000`` is one thousandth."""
    digits = written.replace(",", "")
    if len(digits) > _MOST_DIGITS:
        return f"{digit_by_digit(digits[:-1])} {ordinal(digits[-1])}"
    return _AND.sub(" ", num2words(int(digits), to="ordinal"))


def number(written: str) -> str:
    """A written integer or decimal in words: ``3.14`` is three point one four."""
    whole, _, fraction = written.partition(".")
    return cardinal(whole) + (f" point {digit_by_digit(fraction)}" if fraction else "")


def integer_or_year(written: str) -> str:
    """Like :func:`cardinal`, but 1100 to 2099 read as a year: ``1999`` is nineteen ninety-nine."""
    if len(written) == 4 and int(written) in _YEARS:
        return _AND.sub(" ", num2words(int(written), to="year")).replace("oh-", "oh ")
    return cardinal(written)


def plural(words: str) -> str:
    """The plural of a number in words: nineteen nineties, sixes, two thousands."""
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith("x") else f"{words}s"
