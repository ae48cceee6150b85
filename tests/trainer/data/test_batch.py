"""Padded batches."""

import pickle

import numpy as np
import pytest
import torch

from trainer.audio import SILENCE
from trainer.data import Batch, Dataset, collate


def tensors(batch: Batch) -> tuple[torch.Tensor, ...]:
    return batch.text, batch.text_lengths, batch.mels, batch.mel_lengths


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
    assert {t.device.type for t in tensors(moved)} == {"meta"}
    assert len(moved.ids) == 2


def test_collate_to_the_size_of_a_larger_batch(dataset: Dataset) -> None:
    whole = collate(dataset.training[:6], dataset.scale)
    n_tokens, n_frames = whole.text.shape[1], whole.mels.shape[2]
    parts = [
        collate(dataset.training[i : i + 2], dataset.scale, n_tokens, n_frames) for i in (0, 2, 4)
    ]
    for joined, expected in zip(
        zip(*map(tensors, parts), strict=True), tensors(whole), strict=True
    ):
        assert torch.equal(torch.cat(joined), expected)
    assert torch.equal(collate(dataset.training[:6], dataset.scale, 1, 1).mels, whole.mels)


def test_between_processes_a_batch_travels_as_plain_bytes(dataset: Dataset) -> None:
    batch = collate(dataset.training[:3], dataset.scale)
    data = pickle.dumps(batch)
    received = pickle.loads(data)
    for sent, got in zip(tensors(batch), tensors(received), strict=True):
        assert torch.equal(sent, got)
        assert sent.dtype == got.dtype
    assert received.ids == batch.ids
    n_bytes = sum(t.numel() * t.element_size() for t in tensors(batch))
    assert n_bytes < len(data) < n_bytes + 2000  # nothing stayed behind in shared memory


@pytest.mark.skipif(not torch.cuda.is_available(), reason="pinned memory needs a GPU")
def test_pinned(dataset: Dataset) -> None:
    batch = collate(dataset.training[:3], dataset.scale).pin_memory()
    assert all(t.is_pinned() for t in tensors(batch))
    moved = batch.to(torch.device("cuda"))
    assert all(torch.equal(a, b.cpu()) for a, b in zip(tensors(batch), tensors(moved), strict=True))
