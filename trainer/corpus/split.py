"""Which utterances are held out for validation: always the same ones of a corpus."""

import hashlib
from dataclasses import dataclass

from trainer.corpus.layout import Corpus
from trainer.corpus.utterance import Utterance
from trainer.exit_codes import BadInputError

HELD_OUT_SHARE = 0.05
MIN_HELD_OUT = 4
MAX_HELD_OUT = 24
MIN_TRAINING = 4


@dataclass(frozen=True)
class Split:
    """Utterances to train on (in the corpus's order) and to validate on (by their hash)."""

    training: tuple[Utterance, ...]
    held_out: tuple[Utterance, ...]


def split_corpus(corpus: Corpus) -> Split:
    """Hold out 5 % of the utterances, 4 to 24: those with the smallest sha256 of their id.

    The texts held out are distinct, and training utterances with one of these texts are left
    out. The split depends on ids and texts alone: no seed, no hyperparameter, no row order.

    Raises:
        BadInputError: too few utterances with different texts remain.
    """
    wanted = min(max(round(HELD_OUT_SHARE * len(corpus.utterances)), MIN_HELD_OUT), MAX_HELD_OUT)
    held_out: dict[str, Utterance] = {}
    for utterance in sorted(corpus.utterances, key=_rank):
        if len(held_out) == wanted:
            break
        held_out.setdefault(_said(utterance), utterance)
    training = tuple(u for u in corpus.utterances if _said(u) not in held_out)
    if len(held_out) < MIN_HELD_OUT or len(training) < MIN_TRAINING:
        raise BadInputError(
            f"corpus '{corpus.named}': {len(held_out)} different texts to hold out leave "
            f"{len(training)} utterances to train on; add recordings of other texts, so that "
            f"at least {MIN_HELD_OUT} can be held out and {MIN_TRAINING} trained on"
        )
    return Split(training, tuple(held_out.values()))


def _rank(utterance: Utterance) -> str:
    return hashlib.sha256(utterance.id.encode("utf-8")).hexdigest()


def _said(utterance: Utterance) -> str:
    """The text without what does not change how it is spoken: case and spacing."""
    return " ".join(utterance.text.casefold().split())
