"""Datasets and batches of the small corpus."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from trainer.audio import mel_spectrogram
from trainer.corpus import Corpus, Utterance, load_corpus, read_audio, split_corpus
from trainer.data import Dataset, MelScale, MelStore, build_datasets
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.text import symbol_table, text_to_sequence


def build(corpus: Corpus, hparams: HParams, cache_dir: Path) -> Dataset:
    return build_datasets(corpus, hparams, MelStore(cache_dir, hparams), lambda u, _: u)


def test_both_sets_are_the_corpus_split(dataset: Dataset, small_corpus: Path) -> None:
    split = split_corpus(load_corpus(small_corpus))
    assert [i.utterance for i in dataset.training] == list(split.training)
    assert [i.utterance for i in dataset.held_out] == list(split.held_out)
    assert (len(dataset.training), len(dataset.held_out)) == (20, 4)


def test_items(dataset: Dataset) -> None:
    table = symbol_table("en")
    for item in dataset.training[:5]:
        expected = text_to_sequence(item.utterance.text, "en", table, append_eos=True)
        assert list(item.sequence) == expected
        assert item.sequence[-1] == table.eos_id
        wav = read_audio(item.utterance.audio_path, 22_050)
        assert np.array_equal(item.mel(), mel_spectrogram(wav, 22_050).numpy())
        assert item.n_frames == item.mel().shape[1] == len(wav) // 256 + 1


def test_the_scale_is_of_the_training_mels_alone(dataset: Dataset) -> None:
    mels = np.concatenate([item.mel() for item in dataset.training], axis=1).astype(np.float64)
    assert dataset.scale.mean == pytest.approx(mels.mean())
    assert dataset.scale.deviation == pytest.approx(mels.std())
    np.testing.assert_allclose(dataset.mean_mel, mels.mean(axis=1))


def test_the_baseline_is_what_not_listening_costs(dataset: Dataset) -> None:
    mels = np.concatenate([item.mel() for item in dataset.held_out], axis=1)
    expected = np.abs(mels - dataset.mean_mel[:, None]).mean()
    assert dataset.baseline_mel_l1 == pytest.approx(expected)
    assert 0.5 < dataset.baseline_mel_l1 < 4.0


def test_without_normalisation(
    small_corpus: Path, cache_dir: Path, tiny: Callable[..., HParams], dataset: Dataset
) -> None:
    plain = build(load_corpus(small_corpus), tiny(mel_normalisation="none"), cache_dir)
    assert plain.scale == MelScale(0.0, 1.0)
    np.testing.assert_array_equal(plain.mean_mel, dataset.mean_mel)


def test_without_an_end_symbol(
    small_corpus: Path, cache_dir: Path, tiny: Callable[..., HParams], dataset: Dataset
) -> None:
    plain = build(load_corpus(small_corpus), tiny(append_eos=False), cache_dir)
    pairs = zip(plain.training, dataset.training, strict=True)
    assert all(a.sequence == b.sequence[:-1] for a, b in pairs)


def test_cold_and_warm_any_number_of_threads_the_same_bits(
    small_corpus: Path, tmp_path: Path, tiny: Callable[..., HParams]
) -> None:
    corpus, hparams = load_corpus(small_corpus), tiny()
    sets = []
    for folder, workers in (("a", 1), ("a", 3), ("b", 4)):
        store = MelStore(tmp_path / folder, hparams)
        sets.append(build_datasets(corpus, hparams, store, lambda u, _: u, workers))
    assert len({data.scale for data in sets}) == 1
    assert len({data.mean_mel.tobytes() for data in sets}) == 1
    assert len({data.fingerprint for data in sets}) == 1
    for items in zip(*(data.training for data in sets), strict=True):
        assert len({item.mel().tobytes() for item in items}) == 1


def test_torch_gets_its_threads_back(
    small_corpus: Path, tmp_path: Path, cache_dir: Path, tiny: Callable[..., HParams]
) -> None:
    torch.set_num_threads(2)
    try:
        build(load_corpus(small_corpus), tiny(), cache_dir)
        assert torch.get_num_threads() == 2
        (tmp_path / "mels").write_text("in the way", encoding="utf-8")
        with pytest.raises(BadInputError, match="--cache-dir"):
            build(load_corpus(small_corpus), tiny(), tmp_path / "mels")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_an_utterance_counts_as_done_when_its_mel_is_there(
    small_corpus: Path, tmp_path: Path, tiny: Callable[..., HParams]
) -> None:
    told: list[tuple[str, int]] = []

    def progress(utterances: Sequence[Utterance], what: str) -> Iterator[Utterance]:
        for done, utterance in enumerate(utterances):
            assert len(list((tmp_path / "mels").rglob("*.npy"))) >= done + (what != "mels") * 20
            told.append((what, done))
            yield utterance

    hparams = tiny()
    build_datasets(
        load_corpus(small_corpus), hparams, MelStore(tmp_path / "mels", hparams), progress
    )
    assert told == [*(("mels", i) for i in range(20)), *(("held-out mels", i) for i in range(4))]


def test_damaged_mels_are_mended_before_anything_is_measured(
    small_corpus: Path, tmp_path: Path, tiny: Callable[..., HParams], dataset: Dataset
) -> None:
    corpus, hparams = load_corpus(small_corpus), tiny()
    first = build(corpus, hparams, tmp_path / "mels")
    damaged = [first.training[7], first.held_out[2]]
    damaged[0].mel_path.write_bytes(damaged[0].mel_path.read_bytes()[:-700])
    damaged[1].mel_path.write_bytes(b"")
    store = MelStore(tmp_path / "mels", hparams)
    mended = build_datasets(corpus, hparams, store, lambda u, _: u)
    assert set(store.repaired) == {item.utterance.id for item in damaged}
    assert (mended.fingerprint, mended.scale) == (dataset.fingerprint, dataset.scale)
    assert mended.baseline_mel_l1 == dataset.baseline_mel_l1
    for item in damaged:
        wav = read_audio(item.utterance.audio_path, 22_050)
        assert np.array_equal(item.mel(), mel_spectrogram(wav, 22_050).numpy())


def test_a_mel_that_went_away_during_the_run(
    small_corpus: Path, tmp_path: Path, tiny: Callable[..., HParams]
) -> None:
    data = build(load_corpus(small_corpus), tiny(), tmp_path / "mels")
    data.training[0].mel_path.unlink()
    data.training[1].mel_path.write_bytes(data.training[1].mel_path.read_bytes()[:500])
    data.training[2].mel_path.write_bytes(b"")
    for item in data.training[:3]:
        with pytest.raises(BadInputError, match=f"of '{item.utterance.id}' can't be read any more"):
            item.mel()


def test_the_fingerprint_is_of_all_that_is_learned_from(
    small_corpus: Path, cache_dir: Path, tiny: Callable[..., HParams], dataset: Dataset
) -> None:
    corpus = load_corpus(small_corpus)
    assert build(corpus, tiny(learning_rate=1.0), cache_dir).fingerprint == dataset.fingerprint
    one, other, *rest = corpus.utterances
    others = [
        build(corpus, tiny(append_eos=False), cache_dir),
        build(corpus, tiny(mel_fmax=7000.0), cache_dir),
        build(replace(corpus, utterances=(other, one, *rest)), tiny(), cache_dir),
        build(replace(corpus, utterances=(one, *rest)), tiny(), cache_dir),
        build(
            replace(corpus, utterances=(replace(one, audio_path=other.audio_path), other, *rest)),
            tiny(), cache_dir,
        ),
        build(
            replace(corpus, utterances=(replace(one, text=one.text + " indeed"), other, *rest)),
            tiny(), cache_dir,
        ),
    ]  # fmt: skip
    assert len({dataset.fingerprint, *(data.fingerprint for data in others)}) == 7


def test_a_corpus_too_small_to_split(
    small_corpus: Path, cache_dir: Path, tiny: Callable[..., HParams]
) -> None:
    corpus = load_corpus(small_corpus)
    few = replace(corpus, utterances=corpus.utterances[:6])
    with pytest.raises(BadInputError, match="at least 4 can be held out"):
        build(few, tiny(), cache_dir)


def test_nothing_but_silence(tmp_path: Path, tiny: Callable[..., HParams]) -> None:
    rows = []
    for i in range(12):
        soundfile.write(tmp_path / f"s{i}.wav", np.zeros(9000), 22_050)
        rows.append(f"s{i}.wav|the number {'abcdefghijkl'[i]} is said.\n")
    (tmp_path / "list.txt").write_text("".join(rows), encoding="utf-8")
    with pytest.raises(BadInputError, match="all silence or one unchanging sound"):
        build(load_corpus(tmp_path / "list.txt"), tiny(), tmp_path / "mels")
