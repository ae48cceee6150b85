import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from trainer.corpus import Corpus, Utterance, split_corpus
from trainer.exit_codes import BadInputError


def corpus_of(texts: list[str]) -> Corpus:
    utterances = tuple(Utterance(f"id{i}", Path(f"{i}.wav"), text) for i, text in enumerate(texts))
    return Corpus(Path("corpus"), utterances, "en")


def distinct(n: int) -> Corpus:
    return corpus_of([f"text {i}" for i in range(n)])


@pytest.mark.parametrize(
    ("n", "held_out"), [(8, 4), (24, 4), (100, 5), (110, 6), (470, 24), (500, 24), (13_100, 24)]
)
def test_share(n: int, held_out: int) -> None:
    split = split_corpus(distinct(n))
    assert (len(split.held_out), len(split.training)) == (held_out, n - held_out)


def test_the_smallest_hashes_are_held_out_whatever_the_order() -> None:
    corpus = distinct(100)
    by_hash = sorted(corpus.utterances, key=lambda u: hashlib.sha256(u.id.encode()).hexdigest())
    assert split_corpus(corpus).held_out == tuple(by_hash[:5])
    backwards = replace(corpus, utterances=corpus.utterances[::-1])
    assert split_corpus(backwards).held_out == tuple(by_hash[:5])


def test_training_keeps_the_corpus_order() -> None:
    corpus = distinct(100)
    split = split_corpus(corpus)
    assert list(split.training) == [u for u in corpus.utterances if u not in split.held_out]


def test_texts_held_out_are_distinct_and_never_trained_on() -> None:
    split = split_corpus(corpus_of([f"Text {i % 30}" + " " * (i % 3) for i in range(300)]))

    def said(utterances: tuple[Utterance, ...]) -> list[str]:
        return [u.text.strip() for u in utterances]

    assert len(split.held_out) == len(set(said(split.held_out))) == 15
    assert len(split.training) == 150
    assert not set(said(split.held_out)) & set(said(split.training))


@pytest.mark.parametrize("texts", [["same"] * 50, [f"t{i % 4}" for i in range(50)]])
def test_too_few_different_texts(texts: list[str]) -> None:
    with pytest.raises(BadInputError, match=r"different texts.*add recordings of other texts"):
        split_corpus(corpus_of(texts))
