"""The symbols of the table ``phonemes``: what espeak-ng 1.52 writes for English and Russian.

Found by having it read every combination of up to three letters of either alphabet and tens of
thousands of words. Sounds of several characters (``tʃ``, ``oʊ``, ``nʲ``) are several symbols.
"""

_MARKS = ' —"(),.:;!?'
_STRESS_AND_LENGTH = "ˈˌː"
_MODIFIERS = "ʲ\N{COMBINING VERTICAL LINE BELOW}\N{COMBINING TILDE}"
_LETTERS = "abdefhijklmnoprstuvwxyzæðŋɐɑɒɔɕəɚɛɜɡɣɪɬɭɵɹɾʃʉʊʌʑʒʔθᵻ"

PHONEME_SYMBOLS = _MARKS + _STRESS_AND_LENGTH + _MODIFIERS + _LETTERS
"""One code point a symbol. The order is part of every checkpoint: append, never reorder."""

_NAMES_WITHOUT_IPA = str.maketrans({'"': "ʉ", "^": ""})


def ipa(written: str) -> str:
    """espeak-ng's output in IPA alone.

    It names some Russian phonemes as it does internally: ``u"`` is a fronted u, ``ɪ^`` an ``ɪ``.
    """
    return written.replace('u"', '"').translate(_NAMES_WITHOUT_IPA)
