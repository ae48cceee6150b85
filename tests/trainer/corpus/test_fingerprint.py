from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from trainer.corpus import corpus_fingerprint, load_corpus
from trainer.exit_codes import BadInputError


def test_independent_of_place_and_order(write_corpus: Callable[..., Path], tmp_path: Path) -> None:
    root = write_corpus(10)
    before = load_corpus(root)
    expected = corpus_fingerprint(before)
    root.rename(tmp_path / "elsewhere")
    after = load_corpus(tmp_path / "elsewhere")
    assert corpus_fingerprint(after) == expected
    assert corpus_fingerprint(replace(after, utterances=after.utterances[::-1])) == expected


def test_sees_changed_texts(write_corpus: Callable[..., Path]) -> None:
    first = corpus_fingerprint(load_corpus(write_corpus(10, name="a")))
    second = corpus_fingerprint(load_corpus(write_corpus(10, {4: "other"}, name="b")))
    assert first != second


@pytest.mark.parametrize("place", [60, 0.5, -1])
def test_sees_changed_samples(place: float, write_corpus: Callable[..., Path]) -> None:
    corpus = load_corpus(write_corpus(10))
    expected = corpus_fingerprint(corpus)
    path = corpus.utterances[7].audio_path
    data = bytearray(path.read_bytes())
    data[int(place * len(data)) if place == 0.5 else int(place)] ^= 1
    path.write_bytes(data)
    assert corpus_fingerprint(corpus) != expected


def test_a_boundary_between_id_and_text_counts(write_corpus: Callable[..., Path]) -> None:
    corpus = load_corpus(write_corpus(10))
    first, *others = corpus.utterances
    moved = replace(first, id=first.id + first.text[0], text=first.text[1:])
    assert corpus_fingerprint(replace(corpus, utterances=(moved, *others))) != corpus_fingerprint(
        corpus
    )


def test_a_recording_that_went_away(write_corpus: Callable[..., Path]) -> None:
    corpus = load_corpus(write_corpus(10))
    corpus.utterances[3].audio_path.unlink()
    with pytest.raises(BadInputError, match=r"u03\.wav: can't be read"):
        corpus_fingerprint(corpus)
