"""Russian money, percentages, scales and units of measure."""

import re

from trainer.text.rewrite import Rule, full_stop, rule
from trainer.text.russian_agreement import PREPOSITION, PREPOSITIONS, Noun
from trainer.text.russian_numbers import NUMBER, number

_RUBLE = Noun("рубль", "рубля", "рублей")
_DOLLAR = Noun("доллар", "доллара", "долларов")
_EURO = Noun("евро", "евро", "евро")
_POUND = Noun("фунт", "фунта", "фунтов")
_KOPECK = Noun("копейка", "копейки", "копеек", "f")
_CENT = Noun("цент", "цента", "центов")
_CENTS = {
    _RUBLE: _KOPECK,
    _DOLLAR: _CENT,
    _EURO: _CENT,
    _POUND: Noun("пенс", "пенса", "пенсов"),
}
_SIGNS = {"$": _DOLLAR, "€": _EURO, "£": _POUND, "₽": _RUBLE}

# Patterns as they stand after a number; an abbreviation's dot is its own.
_SCALES = {
    r"тыс\.?": Noun("тысяча", "тысячи", "тысяч", "f"),
    r"млн\.?": Noun("миллион", "миллиона", "миллионов"),
    r"млрд\.?": Noun("миллиард", "миллиарда", "миллиардов"),
    r"трлн\.?": Noun("триллион", "триллиона", "триллионов"),
}
_SQUARE = ("квадратный", "квадратных", "квадратных")
_CUBIC = ("кубический", "кубических", "кубических")


def _of(adjectives: tuple[str, str, str], noun: Noun) -> Noun:
    one, few, many = adjectives
    return Noun(f"{one} {noun.one}", f"{few} {noun.few}", f"{many} {noun.many}", noun.gender)


def _per(noun: Noun, time: str) -> Noun:
    return Noun(f"{noun.one} в {time}", f"{noun.few} в {time}", f"{noun.many} в {time}")


_METRE = Noun("метр", "метра", "метров")
_KILOMETRE = Noun("километр", "километра", "километров")
_UNITS = {
    r"₽|руб\.?|р\.": _RUBLE,
    r"коп\.?": _KOPECK,
    r"\$": _DOLLAR,
    r"€": _EURO,
    r"£": _POUND,
    r"%": Noun("процент", "процента", "процентов"),
    r"° ?[CС]": Noun("градус цельсия", "градуса цельсия", "градусов цельсия"),
    r"°": Noun("градус", "градуса", "градусов"),
    r"км/ч": _per(_KILOMETRE, "час"),
    r"м/с": _per(_METRE, "секунду"),
    r"кв\. ?км|км²": _of(_SQUARE, _KILOMETRE),
    r"кв\. ?м|м²": _of(_SQUARE, _METRE),
    r"куб\. ?м|м³": _of(_CUBIC, _METRE),
    r"км": _KILOMETRE,
    r"м": _METRE,
    r"см": Noun("сантиметр", "сантиметра", "сантиметров"),
    r"мм": Noun("миллиметр", "миллиметра", "миллиметров"),
    r"кг": Noun("килограмм", "килограмма", "килограммов"),
    r"г": Noun("грамм", "грамма", "граммов"),
    r"мг": Noun("миллиграмм", "миллиграмма", "миллиграммов"),
    r"т(?!\. ?[а-я]\.)": Noun("тонна", "тонны", "тонн", "f"),
    r"л": Noun("литр", "литра", "литров"),
    r"мл": Noun("миллилитр", "миллилитра", "миллилитров"),
    r"га": Noun("гектар", "гектара", "гектаров"),
    r"ч\.?": Noun("час", "часа", "часов"),
    r"мин\.?": Noun("минута", "минуты", "минут", "f"),
    r"сек\.?": Noun("секунда", "секунды", "секунд", "f"),
    r"шт\.?": Noun("штука", "штуки", "штук", "f"),
    r"чел\.": Noun("человек", "человека", "человек"),
}
_AMOUNT = rf"(?<![\w.,])(?P<amount>{NUMBER})"


def _alternatives(table: dict[str, Noun]) -> str:
    return "(?:" + "|".join(table) + r")(?!\w)"


def _noun(written: str) -> Noun:
    """The noun of a written scale or unit, which one of the patterns matches whole."""
    tables = (*_SCALES.items(), *_UNITS.items())
    return next(noun for pattern, noun in tables if re.fullmatch(pattern, written))


def _measure(match: re.Match[str]) -> str:
    words = _counted(match, _noun(match["scale"] or match["unit"]))
    if match["scale"] and match["unit"]:
        words += f" {_noun(match['unit']).many}"
    return _after_preposition(match, words + full_stop(match))


def _signed(match: re.Match[str]) -> str:
    currency = _SIGNS[match["sign"]]
    if match["scale"]:
        words = f"{_counted(match, _noun(match['scale']))} {currency.many}"
    else:
        words = _counted(match, currency)
    return _after_preposition(match, words)


def _counted(match: re.Match[str], noun: Noun) -> str:
    """The amount with its noun; two decimals of money are kopecks."""
    whole, _, fraction = match["amount"].replace(",", ".").partition(".")
    # Prepositions of other cases would bend the noun too: those numbers stay nominative.
    case = "g" if PREPOSITIONS.get((match["preposition"] or "").lower()) == "g" else "n"
    if not fraction:
        return f"{number(whole, case, noun.gender)} {noun.after(whole, case)}"
    if noun in _CENTS and len(fraction) == 2:
        return _with_cents(whole, str(int(fraction)), noun, case)
    return f"{number(match['amount'], case)} {noun.few}"


def _with_cents(whole: str, cents: str, money: Noun, case: str) -> str:
    small = _CENTS[money]
    words = f"{number(whole, case, money.gender)} {money.after(whole, case)}"
    return f"{words} {number(cents, case, small.gender)} {small.after(cents, case)}"


def _after_preposition(match: re.Match[str], words: str) -> str:
    return f"{match['preposition']} {words}" if match["preposition"] else words


_SCALE, _UNIT = _alternatives(_SCALES), _alternatives(_UNITS)
MEASURE_RULES: tuple[Rule, ...] = (
    rule(
        rf"{PREPOSITION}(?<![\w.,])(?P<sign>[$€£₽]) ?(?P<amount>{NUMBER})"
        rf"(?: ?(?P<scale>{_SCALE}))?",
        _signed,
    ),
    rule(
        rf"{PREPOSITION}{_AMOUNT} ?"
        rf"(?=(?:{_SCALE}|{_UNIT}))(?P<scale>{_SCALE})?(?: ?(?P<unit>{_UNIT}))?",
        _measure,
    ),
)
"""Money and measures; the numbers in them are spelled out."""
