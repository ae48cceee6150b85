"""English money, percentages and units of measure."""

import re
from dataclasses import dataclass

from trainer.text.english_numbers import NUMBER, cardinal, number
from trainer.text.rewrite import Rule, any_of, full_stop, rule


@dataclass(frozen=True)
class _Currency:
    one: str
    many: str
    cent: str = "cent"
    cents: str = "cents"


_CURRENCIES = {
    "$": _Currency("dollar", "dollars"),
    "£": _Currency("pound", "pounds", "penny", "pence"),
    "€": _Currency("euro", "euros"),
    "₽": _Currency("ruble", "rubles", "kopeck", "kopecks"),
    "¥": _Currency("yen", "yen"),
}
_SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "bn": "billion", "b": "billion",
    "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
}  # fmt: skip
_UNITS = {
    "%": ("percent", "percent"),
    "¢": ("cent", "cents"),
    "°C": ("degree celsius", "degrees celsius"),
    "°F": ("degree fahrenheit", "degrees fahrenheit"),
    "°": ("degree", "degrees"),
    "m": ("meter", "meters"),
    "mm": ("millimeter", "millimeters"),
    "cm": ("centimeter", "centimeters"),
    "km": ("kilometer", "kilometers"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "kg": ("kilogram", "kilograms"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "min": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
}
_SIGN = any_of(_CURRENCIES)
# A scale of one letter touches its number ($5m); the words may stand apart.
_SCALE = r"(?: ?(?P<scale>(?i:thousand|million|billion|trillion|mn|bn))|(?P<letter>[kKmMbB]))(?!\w)"


def _money(match: re.Match[str]) -> str:
    amount, currency = match["amount"].replace(",", ""), _CURRENCIES[match["sign"]]
    scale = match["scale"] or match["letter"]
    if scale:
        return f"{number(amount)} {_SCALES[scale.lower()]} {currency.many}"
    whole, _, fraction = amount.partition(".")
    if len(fraction) == 2:
        return _change(whole, fraction, currency)
    return f"{number(amount)} {currency.one if amount == '1' else currency.many}"


def _change(whole: str, fraction: str, currency: _Currency) -> str:
    parts = []
    if whole.strip("0") or not int(fraction):
        parts.append(f"{cardinal(whole)} {currency.one if whole == '1' else currency.many}")
    if int(fraction):
        cents = currency.cent if int(fraction) == 1 else currency.cents
        parts.append(f"{cardinal(str(int(fraction)))} {cents}")
    return ", ".join(parts)


def _height(match: re.Match[str]) -> str:
    feet, inches = cardinal(match[1]), cardinal(match[2])
    return f"{feet} {'foot' if match[1] == '1' else 'feet'} {inches}"


def _measure(match: re.Match[str]) -> str:
    one, many = _UNITS[match[2]]
    return f"{number(match[1])} {one if match[1] == '1' else many}{full_stop(match)}"


MEASURE_RULES: tuple[Rule, ...] = (
    rule(r"(?<![\w.,])([0-9])' ?([0-9]{1,2})\"", _height),
    rule(rf"(?<![0-9])(?P<sign>{_SIGN}) ?(?P<amount>{NUMBER})(?:{_SCALE})?", _money),
    rule(
        rf"(?<![\w.,])(?P<amount>{NUMBER}) ?(?:{_SCALE} ?)?(?P<sign>{_SIGN})(?!\w)",
        _money,
    ),
    # The dot of "6 ft." is none of the sentence, unless that ends there too.
    rule(rf"(?<![\w.,])({NUMBER}) ?({any_of(_UNITS)})(?:(?<=[a-zA-Z])\.(?!\w)|(?!\w))", _measure),
)
"""Money and measures; the numbers in them are spelled out."""
