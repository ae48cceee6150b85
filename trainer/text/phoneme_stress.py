"""Russian stress marks for espeak-ng, which knows none: the phonemes of a word, stressed anew.

espeak-ng 1.52 loses its way in a word with U+0301, and reads ``+`` as "plus". It takes phonemes by
its own names, though (``v|V|d|'A`` for "вода"), and unstressed vowels are other phonemes there.
"""

import re

ACUTE = "\N{COMBINING ACUTE ACCENT}"
_VOWEL_LETTERS = "аеёиоуыэюя"
_PLUS = re.compile(rf"\+(?P<vowel>[{_VOWEL_LETTERS}])")
_VOWEL = re.compile(r"(?!I\^)j?[aAeEiIoOuUyV8]")
"""How espeak-ng's names of Russian vowels begin; ``@-`` and ``I^`` belong to an r."""
_MAIN_STRESS = "'"
_STRESSES = "',%="
_STRESSED = {"а": "A", "о": "o", "э": "E", "у": "u", "ы": "y"}
_UNSTRESSED = {"A": "V", "a": "V", "o": "V", "e": "i", "E": "y"}
_AFTER_HARD = ("y", "E", "E2", "E#")
"""What ``е`` can be after ж, ш and ц."""
_AS_INPUT = {"V": "V#"}
"""As input ``V`` is not the sound that it is as output."""


def acute_stress(text: str) -> str:
    """``text`` with ``+`` before a vowel as U+0301 after it; any other ``+`` goes."""
    return _PLUS.sub(rf"\g<vowel>{ACUTE}", text).replace("+", "")


def without_stress(text: str) -> str:
    """``text`` without U+0301."""
    return text.replace(ACUTE, "")


def restressed(word: str, phonemes: str) -> str | None:
    """``phonemes`` of ``word``, with the main stress on the marked vowel.

    Args:
        word: one Russian word in lower case, with U+0301 after its stressed vowel.
        phonemes: how espeak-ng reads it unmarked: its own names, separated by ``|``.

    Returns:
        None where espeak-ng's own reading stands: it is stressed so already, not just one vowel
        is marked, or vowels and letters don't go together.
    """
    letters = [
        (letter, following == ACUTE)
        for letter, following in zip(word, word[1:] + " ", strict=True)
        if letter in _VOWEL_LETTERS
    ]
    names = phonemes.split("|")
    places = [i for i, name in enumerate(names) if _VOWEL.match(name.lstrip(_STRESSES))]
    if len(places) != len(letters) or sum(marked for _, marked in letters) != 1:
        return None
    stresses = [names[i].startswith(_MAIN_STRESS) for i in places]
    if stresses == [marked for _, marked in letters]:
        return None
    for i, (letter, marked) in zip(places, letters, strict=True):
        names[i] = _vowel(letter, marked, names[i])
    return "|".join(_AS_INPUT.get(name, name) for name in names)


def _vowel(letter: str, marked: bool, name: str) -> str:
    """espeak-ng's name of a vowel, with main stress if ``marked``, else without."""
    bare = name.lstrip(_STRESSES)
    if marked:
        return _MAIN_STRESS + _stressed(letter, bare)
    if not name.startswith(_MAIN_STRESS):
        return name
    return bare if letter == "ё" else _UNSTRESSED.get(bare, bare)


def _stressed(letter: str, bare: str) -> str:
    if letter == "е":
        return "E" if bare in _AFTER_HARD else "e"
    if letter == "и":
        return "y" if bare == "y" else "i"
    if letter == "я":
        return bare if bare.startswith("j") else "A"
    return _STRESSED.get(letter, bare)
