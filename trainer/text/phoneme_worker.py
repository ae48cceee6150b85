"""Writes a list of texts in IPA with espeak-ng: a process of its own, started for each list.

espeak-ng is GPLv3 software and stays behind this process boundary:

* standard input: one JSON object, ``{"voice", "texts"}`` (UTF-8); the texts without punctuation,
  Russian stress as U+0301 after the vowel;
* standard output: a JSON list with the IPA of each text;
* exit code 0, or 1 with one line on standard error.
"""

import ctypes
import json
import re
import sys

from trainer.espeak import UTF8, EspeakError, check, load_espeak, set_voice, short_data_path
from trainer.text.phoneme_stress import ACUTE, restressed, without_stress
from trainer.text.phoneme_symbols import ipa

_IPA = 2
_NAMES = ord("|") << 8
"""Modes of ``espeak_TextToPhonemes``: IPA, or espeak-ng's own names with separators."""
_PHONEME_INPUT = 0x100
"""``espeakPHONEMES``: phonemes may be given by name, in ``[[`` and ``]]``."""
_WORDS = re.compile(r"\S+")
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")
"""``(en)wˈɪndəʊz(ru)``: a word that a dictionary gives to another language."""


class Phonemizer:
    """The one espeak-ng engine of this process; use it from one thread.

    Raises:
        EspeakError: the library does not know the voice, or takes no phonemes.
    """

    def __init__(self, library: ctypes.CDLL, voice: str) -> None:
        self._translate = library.espeak_TextToPhonemes
        self._translate.restype = ctypes.c_char_p
        self._translate.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        set_voice(library, voice)
        # The translation has no option for phonemes as input: it goes by the last speech's.
        flags = UTF8 | _PHONEME_INPUT
        code = library.espeak_Synth(b" \0", ctypes.c_size_t(2), 0, 1, 0, flags, None, None)
        check("Synth", code, "[[]]")
        check("Synchronize", library.espeak_Synchronize(), "[[]]")

    def ipa(self, text: str) -> str:
        """``text`` in IPA, words apart by spaces."""
        stressed = _WORDS.sub(lambda m: self._stressed(m[0]), text)
        return ipa(_LANGUAGE_SWITCH.sub("", self._phonemes(stressed, _IPA)))

    def _stressed(self, word: str) -> str:
        """``word``, or where its stress is marked its phonemes as espeak-ng takes them."""
        if ACUTE not in word:
            return word
        plain = without_stress(word)
        names = restressed(word, self._phonemes(plain, _NAMES))
        return plain if names is None else f"[[{names}]]"

    def _phonemes(self, text: str, mode: int) -> str:
        rest = ctypes.c_char_p(text.encode("utf-8"))
        clauses = []
        while rest.value is not None:  # it answers clause by clause, and moves the pointer on
            clauses.append(self._translate(ctypes.byref(rest), UTF8, mode) or b"")
        return " ".join(" ".join(clause.decode("utf-8") for clause in clauses).split())


def main() -> int:
    """Answer the one request on standard input."""
    request = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    try:
        with short_data_path() as data_path:
            phonemizer = Phonemizer(load_espeak(data_path), request["voice"])
            answer = [phonemizer.ipa(text) for text in request["texts"]]
    except (EspeakError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
