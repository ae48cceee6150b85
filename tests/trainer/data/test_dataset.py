"""Datasets and batches of the small corpus."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from trainer.audio import SILENCE, mel_spectrogram
from trainer.corpus import Corpus, load_corpus, read_audio, split_corpus
from trainer.data import Dataset, MelScale, MelStore, build_datasets, collate
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


def test_collate_pads_with_silence(dataset: Dataset) -> None:
    items = dataset.training[:3]
    batch = collate(items, dataset.scale)
    frames, tokens = [i.n_frames for i in items], [len(i.sequence) for i in items]
    assert batch.mels.shape == (3, 80, max(frames))
    assert batch.text.shape == (3, max(tokens))
    assert batch.mels.dtype == torch.float32
    assert batch.mel_lengths.tolist() == frames
    assert batch.text_lengths.tolist() == tokens
    assert batch.ids == tuple(i.utterance.id for i in items)
    assert len(set(frames)) > 1
    for row, item in enumerate(items):
        restored = dataset.scale.restore(batch.mels[row]).numpy()
        np.testing.assert_allclose(restored[:, : item.n_frames], item.mel(), atol=1e-5)
        np.testing.assert_allclose(restored[:, item.n_frames :], SILENCE, atol=1e-5)
        assert batch.text[row].tolist()[: tokens[row]] == list(item.sequence)
        assert not batch.text[row, tokens[row] :].any()


def test_a_batch_moves_whole(dataset: Dataset) -> None:
    moved = collate(dataset.training[:2], dataset.scale).to(torch.device("meta"))
    tensors = (moved.text, moved.text_lengths, moved.mels, moved.mel_lengths)
    assert {t.device.type for t in tensors} == {"meta"}
    assert len(moved.ids) == 2


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
