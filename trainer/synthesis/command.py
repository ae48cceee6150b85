"""``python -m trainer synthesize``."""

import argparse
import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm.contrib.logging import logging_redirect_tqdm

from trainer.devices import choose_device
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.paths import write_text
from trainer.synthesis.arguments import parse_synthesis
from trainer.synthesis.outputs import refuse_overwriting, require_report
from trainer.synthesis.reading import Reader
from trainer.synthesis.speaker import Speaker
from trainer.synthesis.speech import Speech
from trainer.synthesis.texts import Text, read_texts, single_text
from trainer.synthesis.voice import Voice
from trainer.text import symbol_name
from trainer.vocoder import load_vocoder
from trainer.vocoder.hifigan_vocoder import config_path

log = logging.getLogger("trainer")
_REPORT_VERSION = 1
_LANGUAGES = {"en": "English", "ru": "Russian"}


def synthesize_command(argv: Sequence[str]) -> TrainerExit:
    """Speak what the command line ``argv`` says.

    Raises:
        BadInputError: Something can't be read or written, a file to write is one that is read,
            or no text holds a letter that the voice knows.
    """
    told = parse_synthesis(argv)
    texts = _texts(told)
    _require_other_files(told, [text.out for text in texts])
    _make_folder(told)
    torch.set_num_threads(told.threads)
    device = choose_device(told.device)
    voice = Voice.load(told.checkpoint, device)
    vocoder = load_vocoder(told.vocoder, voice.hparams, device)
    style = None if told.reference is None else voice.style(told.reference)
    reader = Reader(voice, told.batch_size, told.retries, told.seed, style)
    progress = {"auto": None, "on": True, "off": False}[told.progress]
    speaker = Speaker(reader, vocoder, told.max_symbols, told.pause, progress)
    spoken = []
    with logging_redirect_tqdm():
        for speech in speaker.speak(texts):
            _tell(speech)
            spoken.append(speech)
    if told.report is not None:
        about = {
            "version": _REPORT_VERSION,
            "checkpoint": str(told.checkpoint),
            "iteration": voice.iteration,
            "vocoder": vocoder.name,
            "sampling_rate": voice.hparams.sampling_rate,
            "seed": told.seed,
        }
        _write_report(told.report, {**about, "texts": [speech.as_json() for speech in spoken]})
    _require_any(spoken, voice)
    _tell_missing(spoken)
    return TrainerExit.FINISHED


def _texts(told: argparse.Namespace) -> list[Text]:
    if told.text_file is None:
        return single_text(told.text, told.out)
    return read_texts(told.text_file, told.out)


def _make_folder(told: argparse.Namespace) -> None:
    if told.text_file is None:
        return
    try:
        told.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"folder {told.out} can't be made: {error.strerror}") from None


def _require_other_files(told: argparse.Namespace, wavs: Sequence[Path]) -> None:
    inputs = {
        "checkpoint": told.checkpoint,
        "text file": told.text_file,
        "reference": told.reference,
        "vocoder": told.vocoder,
        "vocoder's configuration": told.vocoder and config_path(told.vocoder),
    }
    if told.report is not None:
        require_report(told.report, wavs)
        refuse_overwriting(told.report, inputs)
    for wav in wavs:
        refuse_overwriting(wav, inputs)


def _tell(speech: Speech) -> None:
    if not speech.sentences:
        return
    for sentence in speech.failed:
        log.warning(
            "%s: %r: %s (best of %d %s)",
            speech.out.name,
            _short(sentence.text),
            ", ".join(sentence.failures),
            sentence.attempts,
            "attempt" if sentence.attempts == 1 else "attempts",
        )
    log.info("wrote %s (%.2f s)", speech.out, speech.seconds)


def _tell_missing(spoken: Sequence[Speech]) -> None:
    unknown: Counter[str] = Counter()
    for speech in spoken:
        unknown.update(speech.unknown)
        if not speech.sentences:
            log.warning("%s was not written: %r holds no known letter", speech.out, speech.text)
    for symbol, count in unknown.items():
        log.warning("left out %d x %s: this voice doesn't know it", count, symbol_name(symbol))


def _require_any(spoken: Sequence[Speech], voice: Voice) -> None:
    if any(speech.sentences for speech in spoken):
        return
    texts = (
        f"text {spoken[0].text!r} holds no letter"
        if len(spoken) == 1
        else f"none of the {len(spoken)} texts holds a letter"
    )
    raise BadInputError(
        f"{texts} that this voice knows (symbols={voice.table.name}): write in its language, "
        f"{_LANGUAGES[voice.language]}"
    )


def _write_report(path: Path, contents: dict[str, Any]) -> None:
    try:
        write_text(path, json.dumps(contents, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise BadInputError(f"report {path} can't be written: {error.strerror}") from None


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
