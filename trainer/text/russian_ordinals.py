"""Russian ordinals: written endings (2-й), decades (90-е), compounds (25-летний), centuries."""

import re

from trainer.text.rewrite import Rule, full_stop, rule
from trainer.text.russian_agreement import after_locative
from trainer.text.russian_numbers import cardinal, in_compound, ordinal

# Endings written after a hyphen: case, gender.
_ENDINGS = {
    **dict.fromkeys(("й", "ый", "ой", "ий"), ("n", "m")),
    **dict.fromkeys(("я", "ая"), ("n", "f")),
    **dict.fromkeys(("е", "ое", "ье"), ("n", "n")),
    **dict.fromkeys(("го", "ого", "его"), ("g", "m")),
    **dict.fromkeys(("му", "ому", "ему"), ("d", "m")),
    **dict.fromkeys(("ю", "ую"), ("a", "f")),
    **dict.fromkeys(("ым", "им"), ("i", "m")),
    **dict.fromkeys(("ом", "ем"), ("p", "m")),
}
_CARDINAL_ENDINGS = {
    **dict.fromkeys(("и", "ти", "ми", "х", "ух", "ех", "рех", "рёх"), "g"),
    **dict.fromkeys(("мя", "умя", "емя"), "i"),
    **dict.fromkeys(("м", "ем"), "d"),
}
_PLURAL_ENDINGS = {"е": "n", "ые": "n", "ие": "n", "х": "g", "ых": "g", "м": "d", "ми": "i"}
_CASE_OF_CENTURY = {
    "век": "n", "века": "g", "веку": "d", "веком": "i", "веке": "p",
    "веков": "g", "веках": "p", "веками": "i",
}  # fmt: skip
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "І": 1, "Х": 10}  # the last two are Cyrillic

_NEUTER = re.compile(r" [а-яё]+[ое]\b", re.IGNORECASE)


def _with_ending(match: re.Match[str]) -> str:
    digits, ending = match[1], match[2].lower()
    decade = len(digits) > 1 and digits[-1] == "0" and digits != "10"
    if decade and ending in _PLURAL_ENDINGS and not (ending == "е" and _before_neuter(match)):
        return _decade(match, digits, _PLURAL_ENDINGS[ending])
    if ending == "м":
        return ordinal(digits, "p" if after_locative(match) else "i")
    if ending in _CARDINAL_ENDINGS:
        return cardinal(digits, _CARDINAL_ENDINGS[ending])
    if ending in _ENDINGS:
        return ordinal(digits, *_ENDINGS[ending])
    return match[0]


def _before_neuter(match: re.Match[str]) -> bool:
    """Whether a neuter noun follows: 30-е место, but 30-е годы."""
    return _NEUTER.match(match.string, match.end()) is not None


def _decade(match: re.Match[str], digits: str, case: str) -> str:
    """Plural: девяностые; "в 90-х" is the prepositional, which sounds as the genitive."""
    if case == "d" and after_locative(match):  # в 20-м веке
        return ordinal(digits, "p")
    return ordinal(digits, case, plural=True)


def _century(match: re.Match[str]) -> str:
    word = match["word"]
    plural = word == "вв."
    if plural or word == "в.":
        in_it = after_locative(match)
        case = "p" if in_it else ("n" if plural else "g")
        word = {"p": "веках" if plural else "веке"}.get(case, "века")
    else:
        case = _CASE_OF_CENTURY[word]
    numerals = [ordinal(str(_arabic(part)), case) for part in re.findall(r"\w+", match["roman"])]
    return f"{' — '.join(numerals)} {word}{full_stop(match)}"


def _arabic(roman: str) -> int:
    values = [_ROMAN[letter] for letter in roman]
    following = [*values[1:], 0]
    return sum(-v if v < n else v for v, n in zip(values, following, strict=True))


_ENDING = "|".join(sorted({*_ENDINGS, *_CARDINAL_ENDINGS, *_PLURAL_ENDINGS}, key=len, reverse=True))
ORDINAL_RULES: tuple[Rule, ...] = (
    rule(
        r"(?<!\w)(?P<roman>[IVXLІХ]+(?: ?[-–—] ?[IVXLІХ]+)?) ?"
        rf"(?P<word>(?:{'|'.join(_CASE_OF_CENTURY)})(?!\w)|вв?\.)",
        _century,
    ),
    rule(rf"(?<![\w.,])([0-9]+)-({_ENDING})(?!\w)", _with_ending, re.IGNORECASE),
    rule(  # 25-летний, 150-процентный
        r"(?<![\w.,-])([1-9][0-9]{0,2}|1000)-([а-яё]{4,})", lambda m: in_compound(m[1]) + m[2]
    ),
)
"""Centuries and written ordinals, spelled out."""
