"""English dates and times of day."""

import re

from trainer.text.english_numbers import cardinal, integer_or_year, ordinal, plural
from trainer.text.rewrite import Rule, rule

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# "may" and "march" are words of their own.
_MONTH = rf"(?:{'|'.join(MONTHS)}|(?i:{'|'.join(m for m in MONTHS if m not in {'March', 'May'})}))"
_DAY = r"(0?[1-9]|[12][0-9]|3[01])"
_NO_LONGER_NUMBER = r"(?![0-9]|[.,:/-][0-9])"


def _iso_date(match: re.Match[str]) -> str:
    year, month, day = match[1], int(match[2]), match[3]
    return f"{MONTHS[month - 1]} {_day(day)} {integer_or_year(year)}"


def _day(written: str) -> str:
    return ordinal(str(int(written)))


def _time(match: re.Match[str]) -> str:
    hour, minutes = cardinal(str(int(match[1]))), match[2]
    if minutes == "00":
        return hour if match["half"] else f"{hour} o'clock"
    if minutes[0] == "0":
        return f"{hour} oh {cardinal(minutes[1])}"
    return f"{hour} {cardinal(minutes)}"


DATE_RULES: tuple[Rule, ...] = (
    rule(r"(?<![\w-])([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(?![\w-])", _iso_date),
    rule(
        rf"(?<!\w)({_MONTH}) {_DAY}(?:st|nd|rd|th)?(?!\w){_NO_LONGER_NUMBER}",
        lambda m: f"{m[1]} {_day(m[2])}",
    ),
    rule(
        rf"(?<![\w.,:/-])(?:[Tt]he )?{_DAY}(?:st|nd|rd|th)?(?: of)? ({_MONTH})(?!\w)",
        lambda m: f"the {_day(m[1])} of {m[2]}",
    ),
    rule(
        r"(?<![\w:.,])([01]?[0-9]|2[0-4]):([0-5][0-9])(?![\w:]|[.,][0-9])(?=(?P<half> [ap] m\b)?)",
        _time,
    ),
    rule(  # the 1990s, the '90s
        r"(?<![\w.,'])'?([0-9]+)'?s(?!\w)", lambda m: plural(integer_or_year(m[1]))
    ),
)
"""Dates, times and decades; the numbers in them are spelled out."""
