"""How a Russian number agrees with the words around it, as far as their endings tell."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Noun:
    """A counted noun: after 1 (рубль), 2 to 4 (рубля), 5 (рублей), with its gender."""

    one: str
    few: str
    many: str
    gender: str = "m"

    def after(self, digits: str, case: str = "n") -> str:
        """The form that follows an integer in the nominative or the genitive (``g``)."""
        kind = plural_kind(digits)
        if case == "g":
            return self.few if kind == "one" else self.many
        return {"one": self.one, "few": self.few, "many": self.many}[kind]


PREPOSITIONS = {
    **dict.fromkeys(
        ("до", "от", "из", "с", "со", "без", "для", "около", "более", "менее", "больше",
         "меньше", "свыше", "после", "кроме", "среди", "порядка"),
        "g",
    ),
    **dict.fromkeys(("к", "ко"), "d"),
    **dict.fromkeys(("над", "между", "перед"), "i"),
}  # fmt: skip
"""Prepositions (and comparatives) that leave a number no choice of case."""
PREPOSITION = rf"(?:(?<!\w)(?P<preposition>(?i:{'|'.join(PREPOSITIONS)})) )?"
"""A pattern for what may stand before a number: one of them and a space, or nothing."""

_LOCATIVE = re.compile(r"(?:^|\W)(?:в|во|на|о|об|при)\s$", re.IGNORECASE)
# The endings that give a gender away: singular after 1, by case; genitive singular after 2.
_FEMININE_AFTER_ONE = {
    "n": ("а", "я"),
    "g": ("ы", "и", "ой", "ей"),
    "d": ("е", "и", "ой", "ей"),
    "i": ("ой", "ей", "ью"),
}
_NEUTER_AFTER_ONE = ("о", "е")
_FEMININE_AFTER_TWO = ("ы", "и", "ые", "ие")
_PLURAL_ENDINGS = {
    "i": ("ами", "ями"),
    "p": ("ах", "ях"),
    "g": ("ов", "ев", "ей"),
}


def plural_kind(digits: str) -> str:
    """Which of a noun's forms an integer takes: ``one``, ``few`` or ``many``."""
    if digits[-2:] in {"11", "12", "13", "14"}:
        return "many"
    return {"1": "one", "2": "few", "3": "few", "4": "few"}.get(digits[-1], "many")


def after_locative(match: re.Match[str]) -> bool:
    """Whether a preposition of place or time stands right before the match."""
    start = match.start()
    return _LOCATIVE.search(match.string[max(0, start - 5) : start]) is not None


def agreement(digits: str, preposition: str, following: str) -> tuple[str, str]:
    """The case and the gender in which an integer is read.

    Args:
        digits: The integer.
        preposition: The word before it, in lower case.
        following: The word after it, in lower case; "" at the end.
    """
    kind = plural_kind(digits)
    case = PREPOSITIONS.get(preposition) or _case_of(following, kind)
    if digits[-1] == "1" and kind == "one":
        return _with_one(case, following)
    two = digits[-1] == "2" and kind == "few"
    return case, "f" if two and following.endswith(_FEMININE_AFTER_TWO) else "m"


def _case_of(following: str, kind: str) -> str:
    for case, endings in _PLURAL_ENDINGS.items():
        # A genitive plural after 5 is what the nominative governs; after 2 it is the case itself.
        if following.endswith(endings) and (case != "g" or kind == "few"):
            return case
    return "n"


def _with_one(case: str, following: str) -> tuple[str, str]:
    if case == "n" and following.endswith(("у", "ю")):
        return "a", "f"
    if following.endswith(_FEMININE_AFTER_ONE.get(case, ())):
        return case, "f"
    return case, "n" if case == "n" and following.endswith(_NEUTER_AFTER_ONE) else "m"
