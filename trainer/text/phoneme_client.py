"""Has one fresh process write a list of texts in IPA (:mod:`trainer.text.phoneme_worker`)."""

import importlib.util
import json
import subprocess
import sys
from functools import lru_cache

from trainer.exit_codes import BadInputError
from trainer.text.language import Language

_VOICES: dict[Language, str] = {"en": "en-us", "ru": "ru"}


def require_phonemes() -> None:
    """Refuse to go on without the package that brings espeak-ng.

    Raises:
        BadInputError: it is not installed; names the remedy.
    """
    if importlib.util.find_spec("espeakng_loader") is None:
        raise BadInputError(
            "symbols=phonemes needs pip install 'smart-tuner[phonemes]': espeak-ng writes the "
            "phonemes, and the package espeakng_loader is not installed"
        )


# The same list is asked for a few times over: for a data set, then for what is unknown in it.
@lru_cache(maxsize=8)
def spoken_ipa(texts: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """The IPA of each text, in order; one process for all of them, remembered.

    Raises:
        BadInputError: espeak-ng is not installed.
        RuntimeError: espeak-ng failed; carries what it said.
    """
    if not texts:
        return ()
    require_phonemes()
    request = json.dumps({"voice": _VOICES[language], "texts": texts}, ensure_ascii=False)
    command = [sys.executable, "-P", "-m", "trainer.text.phoneme_worker"]
    answer = subprocess.run(command, input=request.encode("utf-8"), capture_output=True)
    if answer.returncode != 0:
        lines = answer.stderr.decode("utf-8", errors="replace").strip().splitlines()
        last = lines[-1] if lines else "it said nothing"
        raise RuntimeError(f"espeak-ng failed (exit code {answer.returncode}): {last}")
    return tuple(json.loads(answer.stdout.decode("utf-8")))
