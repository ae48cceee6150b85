"""A look over every recording before a study starts."""

from trainer.corpus.audio_file import inspect_audio
from trainer.corpus.layout import Corpus
from trainer.exit_codes import BadInputError


def verify_audio(corpus: Corpus) -> None:
    """Look over each recording's header and end (:func:`trainer.corpus.inspect_audio`).

    Raises:
        BadInputError: names the first bad file, how many there are, and how to see them all.
    """
    problems: list[str] = []
    for utterance in corpus.utterances:
        try:
            inspect_audio(utterance.audio_path)
        except BadInputError as error:
            problems.append(str(error))
    if len(problems) > 1:
        raise BadInputError(
            f"{problems[0]} (one of {len(problems)} bad recordings: "
            f"'smart-tuner corpus check {corpus.root}' names them all)"
        )
    if problems:
        raise BadInputError(problems[0])
