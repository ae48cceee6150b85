"""A look over every recording before a study starts."""

from trainer.corpus.audio_file import BadAudioError, inspect_audio
from trainer.corpus.layout import Corpus
from trainer.corpus.report import LEAST_SECONDS
from trainer.corpus.utterance import Utterance
from trainer.exit_codes import BadInputError


def verify_audio(corpus: Corpus) -> None:
    """Look over each recording's header and end (:func:`trainer.corpus.inspect_audio`).

    What is in it, such as silence, only :func:`trainer.corpus.check_corpus` hears.

    Raises:
        BadInputError: names the first bad file, how many there are, and how to see them all.
    """
    problems: list[str] = []
    for utterance in corpus.utterances:
        try:
            _verify(utterance)
        except BadInputError as error:
            problems.append(str(error))
    if len(problems) > 1:
        raise BadInputError(
            f"{problems[0]} (one of {len(problems)} bad recordings: "
            f"'smart-tuner corpus check {corpus.named}' names them all)"
        )
    if problems:
        raise BadInputError(problems[0])


def _verify(utterance: Utterance) -> None:
    info = inspect_audio(utterance.audio_path)
    if info.duration_s < LEAST_SECONDS:
        fault = f"lasts {info.duration_s:.3g} s, and under {LEAST_SECONDS:g} s nothing is said"
        raise BadAudioError(utterance.audio_path, "no_speech", fault)
