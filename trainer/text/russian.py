"""Russian: what is written becomes what is spoken, in lower case; ё and stress marks stay."""

import re

from trainer.text.rewrite import Rule, apply_rules, rule
from trainer.text.russian_abbreviations import ABBREVIATION_RULES
from trainer.text.russian_agreement import PREPOSITION, PREPOSITIONS, agreement
from trainer.text.russian_dates import DATE_RULES
from trainer.text.russian_measures import MEASURE_RULES
from trainer.text.russian_numbers import cardinal, number
from trainer.text.russian_ordinals import ORDINAL_RULES
from trainer.text.typography import collapse, unify

_VOWELS = "аеёиоуыэюяАЕЁИОУЫЭЮЯ"
_FRACTIONS = {
    "½": "половина",
    "⅓": "треть",
    "⅔": "две трети",
    "¼": "четверть",
    "¾": "три четверти",
}
_AND_FRACTIONS = {
    "½": "с половиной",
    "⅓": "и одна треть",
    "⅔": "и две трети",
    "¼": "с четвертью",
    "¾": "и три четверти",
}


def _joined(match: re.Match[str]) -> str:
    return re.sub("[ .,]", "", match[0])


def _decimal(match: re.Match[str]) -> str:
    preposition = match["preposition"] or ""
    case = "g" if PREPOSITIONS.get(preposition.lower()) == "g" else "n"
    return f"{preposition} {number(match['number'], case)}".lstrip()


def _integer(match: re.Match[str]) -> str:
    preposition, following = match["preposition"] or "", match["following"] or ""
    case, gender = agreement(match["digits"], preposition.lower(), following.lower())
    words = cardinal(match["digits"], case, gender)
    return f"{preposition} {words}".lstrip()


_FIRST_RULES = (
    # 1 234 567 and 1.234.567 are one number; 1.234 and 1,234 are fractions here.
    rule(r"(?<![\w.,])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])", _joined),
    rule(r"(?<![\w.,])[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9])", _joined),
    rule(r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3}){2,}(?![0-9])", _joined),
    rule(r" ?− ?|(?<![^\s(])-(?=[$€£₽]?[0-9])", " минус "),
)
_DASH_RULES = (
    rule(r"(?:^| )(?:[-–—]|--+)(?: |$)", " — "),
    rule(r"--+", " — "),
    rule(r"(?<=\w)[–—](?=\w)", "-"),
    rule(r"–", "—"),
)
_NUMBER_RULES = (
    rule(r"([0-9]) ?([½⅓⅔¼¾])", lambda m: f"{m[1]} {_AND_FRACTIONS[m[2]]}"),
    rule(r"[½⅓⅔¼¾]", lambda m: _FRACTIONS[m[0]]),
    rule(rf"{PREPOSITION}(?<![0-9.,])(?P<number>[0-9]+[.,][0-9]+)(?![.,]?[0-9])", _decimal),
    rule(rf"{PREPOSITION}(?P<digits>[0-9]+)(?= (?P<following>[А-ЯЁа-яё]+))?", _integer),
)
_SYMBOL_RULES = (
    rule(r"~ ?(?=[0-9])", "примерно "),
    rule(r"(?<=[0-9]),(?=[0-9]+[.,][0-9])|(?<=[0-9],[0-9]),(?=[0-9])", ", "),
    rule(  # 1.2.3
        r"(?<![\w.,])[0-9]+(?:\.[0-9]+){2,}",
        lambda m: " точка ".join(cardinal(part) for part in m[0].split(".")),
    ),
    rule(r"(?<=[0-9])[:/](?=[0-9])", " "),
    rule(r" ?& ?", " и "),
    rule(rf" ?\+(?![{_VOWELS}]) ?", " плюс "),  # before a vowel it is the stress
    rule(r" ?= ?", " равно "),
    rule(r" ?× ?", " на "),
    rule(r" ?% ?", " процентов "),
    rule(r" ?/ ?", " "),
)
_RULES: tuple[Rule, ...] = (
    *_FIRST_RULES,
    *_DASH_RULES,
    *DATE_RULES,
    *ORDINAL_RULES,
    *MEASURE_RULES,
    *ABBREVIATION_RULES,
    *_SYMBOL_RULES,
    *_NUMBER_RULES,
)


def clean_russian(text: str) -> str:
    """``text`` as a Russian speaker reads it: lower case, numbers agreeing with their nouns."""
    return collapse(apply_rules(_RULES, unify(text)).lower())
