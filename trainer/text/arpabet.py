"""ARPAbet: the phonemes of CMU's pronouncing dictionary, written in braces inside a text."""

import re
from collections.abc import Iterator

_VOWELS = (
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
)  # fmt: skip
_CONSONANTS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH",
    "T", "TH", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
_STRESSES = ("", "0", "1", "2")

ARPABET: tuple[str, ...] = tuple(
    sorted((*_CONSONANTS, *(vowel + stress for vowel in _VOWELS for stress in _STRESSES)))
)
"""The 84 phonemes (vowels bare and with their stress), in NVIDIA/tacotron2's order: sorted."""

_KNOWN = frozenset(ARPABET)
_BRACES = re.compile(r"\{([^{}]*)\}")


def split_phonemes(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pieces of ``text`` in order: ``(plain text, ())`` or ``("", phonemes)``.

    A group in braces is phonemes only if it holds nothing but ARPAbet; else it is plain text.
    """
    start = 0
    for match in _BRACES.finditer(text):
        phonemes = tuple(match[1].split())
        if phonemes and _KNOWN.issuperset(phonemes):
            yield text[start : match.start()], ()
            yield "", phonemes
            start = match.end()
    yield text[start:], ()
