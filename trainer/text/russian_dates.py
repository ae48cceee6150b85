"""Russian dates, years and times of day."""

import re

from trainer.text.rewrite import Rule, full_stop, rule
from trainer.text.russian_agreement import after_locative
from trainer.text.russian_numbers import cardinal, ordinal

_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_DAY = r"(?<![\w.,:])(?P<day>0?[1-9]|[12][0-9]|3[01])"
_OF_YEAR = r"(?: ?(?:года(?!\w)|г\.))?"
_SHORT_MONTHS = {
    "янв": "января", "фев": "февраля", "февр": "февраля", "мар": "марта", "апр": "апреля",
    "июн": "июня", "июл": "июля", "авг": "августа", "сен": "сентября", "сент": "сентября",
    "окт": "октября", "ноя": "ноября", "нояб": "ноября", "дек": "декабря",
}  # fmt: skip
_GOD = r"(?P<word>год(?:а|у|ом|е)?(?!\w)|г\.|г(?!\w))"
_CASE_OF_YEAR = {"год": "n", "года": "g", "году": "p", "годом": "i", "годе": "p"}
_CASE_OF_YEARS = {"годы": "n", "годов": "g", "годам": "d", "годами": "i", "годах": "p"}


def _full_date(match: re.Match[str]) -> str:
    month = _MONTHS[int(match["month"]) - 1]
    return f"{_day(match)} {month} {ordinal(match['year'], 'g')} года{full_stop(match)}"


def _date(match: re.Match[str]) -> str:
    words = f"{_day(match)} {match['month']}"
    if match["year"] is None:
        return words
    return f"{words} {ordinal(match['year'], 'g')} года{full_stop(match)}"


def _day(match: re.Match[str]) -> str:
    return ordinal(str(int(match["day"])), "g")


def _year(match: re.Match[str]) -> str:
    to, word = match.groupdict().get("to"), match["word"]
    if word not in _CASE_OF_YEAR:
        word = "году" if after_locative(match) or to else "года"
    case = "d" if to and word == "году" else _CASE_OF_YEAR[word]
    return f"{to or ''} {ordinal(match['year'], case)} {word}{full_stop(match)}".lstrip()


def _years(match: re.Match[str]) -> str:
    word = match["word"]
    if word not in _CASE_OF_YEARS:
        word = "годах" if after_locative(match) else "годы"
    case = _CASE_OF_YEARS[word]
    between = " — " if match["between"].strip() in {"-", "–", "—"} else match["between"]
    first, last = ordinal(match[1], case), ordinal(match["last"], case)
    return f"{first}{between}{last} {word}{full_stop(match)}"


def _from_to(match: re.Match[str]) -> str:
    until = match["until"]  # "по" takes the accusative, which is the nominative here
    case, word = ("n", "год") if until == "по" else ("g", "года")
    first, last = ordinal(match["first"], "g"), ordinal(match["last"], case)
    return f"{match['since']} {first} {until} {last} {word}{full_stop(match)}"


def _time(match: re.Match[str]) -> str:
    minutes = match[2]
    spoken = "ноль ноль" if minutes == "00" else cardinal(minutes)
    return f"{cardinal(str(int(match[1])))} {spoken}"


DATE_RULES: tuple[Rule, ...] = (
    rule(rf"(?<=[0-9] )({'|'.join(_SHORT_MONTHS)})\.", lambda m: _SHORT_MONTHS[m[1]]),
    rule(
        rf"{_DAY}\.(?P<month>0[1-9]|1[0-2])\.(?P<year>[12][0-9]{{3}})(?![0-9]){_OF_YEAR}",
        _full_date,
    ),
    rule(
        rf"{_DAY} (?P<month>(?i:{'|'.join(_MONTHS)}))(?!\w)"
        rf"(?: (?P<year>[1-9][0-9]{{3}})(?![0-9]|[.,][0-9]){_OF_YEAR})?",
        _date,
    ),
    rule(
        r"(?<!\w)(?P<since>[Сс]о?) (?P<first>[1-9][0-9]{3})(?: года| ?г\.)? (?P<until>по|до) "
        r"(?P<last>[1-9][0-9]{3}) ?(?:год[аы]?(?!\w)|гг?\.)",
        _from_to,
    ),
    rule(
        r"(?<![\w.,])([1-9][0-9]{3})(?P<between> ?[-–—] ?|, | и | или )(?P<last>[1-9][0-9]{3}) ?"
        r"(?P<word>год(?:ы|ов|ам|ами|ах)(?!\w)|гг\.)",
        _years,
    ),
    rule(rf"(?:(?<!\w)(?P<to>[Кк]) )?(?<![\w.,])(?P<year>[1-9][0-9]{{3}}) ?{_GOD}", _year),
    rule(r"(?<![\w.,])(?P<year>[1-9][0-9]{0,2}) (?P<word>год(?:у|ом|е)(?!\w))", _year),
    rule(r"(?<![\w:.,])([01]?[0-9]|2[0-4]):([0-5][0-9])(?![\w:]|[.,][0-9])", _time),
)
"""Dates, years and times, spelled out."""
