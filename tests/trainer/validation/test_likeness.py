"""Is the speech like its own recording, and like no other?"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.data import Dataset
from trainer.validation import HeldOut
from trainer.validation.held_out import Spoken
from trainer.validation.likeness import likeness_metrics, mel_cepstral_distortion, retrieval_rate

Mel = NDArray[np.float32]


@pytest.fixture(scope="module")
def recordings(dataset: Dataset) -> list[Mel]:
    return [np.array(item.mel()) for item in (*dataset.training, *dataset.held_out)]


def another_speaker(mel: Mel, rng: np.random.Generator) -> Mel:
    """The same sentence slower in places, louder here and there, and blurred."""
    frames = np.repeat(np.arange(mel.shape[1]), rng.integers(1, 3, mel.shape[1]))
    slow = mel[:, frames] + rng.normal(0, 0.3, (1, len(frames)))
    return ((slow + np.roll(slow, 1, axis=0) + np.roll(slow, -1, axis=0)) / 3).astype(np.float32)


@pytest.mark.parametrize("stride", [1, 3])
def test_the_recordings_themselves_are_all_retrieved(recordings: list[Mel], stride: int) -> None:
    assert retrieval_rate(recordings, recordings, stride) == 1.0


@pytest.mark.parametrize("stride", [1, 3])
def test_another_speaker_is_retrieved(recordings: list[Mel], stride: int) -> None:
    rng = np.random.default_rng(0)
    spoken = [another_speaker(mel, rng) for mel in recordings]
    assert retrieval_rate(spoken, recordings, stride) >= 0.9


def test_wrong_sentences_are_not(recordings: list[Mel]) -> None:
    assert retrieval_rate(recordings[1:] + recordings[:1], recordings, 3) == 0.0
    order = np.random.default_rng(1).permutation(len(recordings))
    rate = retrieval_rate([recordings[i] for i in order], recordings, 3)
    assert rate == np.mean(order == np.arange(len(recordings))) < 0.2


def test_the_pauses_alone_are_not(recordings: list[Mel]) -> None:
    """A model that knows when the sentence is loud, and no sound of it, retrieves by chance."""
    flat = [np.broadcast_to(mel.mean(axis=0), mel.shape) for mel in recordings]
    assert retrieval_rate(flat, recordings, 1) <= 2 / len(recordings)
    mean = np.mean([mel.mean(axis=1) for mel in recordings], axis=0)
    shaped = [
        (mean[:, None] - mean.mean() + mel.mean(axis=0)).astype(np.float32) for mel in recordings
    ]
    assert retrieval_rate(shaped, recordings, 1) <= 4 / len(recordings)


def test_loudness_changes_nothing(recordings: list[Mel]) -> None:
    rng = np.random.default_rng(2)
    louder = [mel + rng.normal(0, 2, (1, mel.shape[1])).astype(np.float32) for mel in recordings]
    assert retrieval_rate(louder, recordings, 3) == 1.0


def test_costs_are_divided_by_both_lengths() -> None:
    """Else a short recording is near to everything: its path is short."""
    shape = np.where(np.arange(80) % 2, 1.0, -1.0).astype(np.float32)[:, None]
    spoken, long, short = 0 * shape.repeat(10, 1), shape.repeat(40, 1), 2 * shape.repeat(10, 1)
    # To the long one 40 steps at 1 in 10 + 40 frames, to the short one 10 steps at 2 in 10 + 10.
    assert retrieval_rate([spoken, short], [long, short], 1) == 1.0


def test_many_candidates_in_several_chunks(
    recordings: list[Mel], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    spoken = [another_speaker(mel, rng) for mel in recordings[:8]]
    whole = retrieval_rate(spoken, recordings[:8], 3)
    monkeypatch.setattr("trainer.validation.dtw._CELLS", 1)
    assert retrieval_rate(spoken, recordings[:8], 3) == whole


def cosine(k: int) -> Mel:
    """The k-th DCT-II basis vector over 80 bins, of length 1."""
    return np.sqrt(2 / 80) * np.cos(np.pi * k * (np.arange(80) + 0.5) / 80)


def test_mcd_by_hand() -> None:
    mel = np.zeros((80, 5), dtype=np.float32)
    moved = mel + (0.3 * cosine(1) + 0.4 * cosine(13))[:, None].astype(np.float32)
    expected = 10 * np.sqrt(2) / np.log(10) * 0.5
    assert mel_cepstral_distortion(moved, mel) == pytest.approx(expected, rel=1e-5)


def test_mcd_leaves_out_loudness_and_fine_structure() -> None:
    mel = np.random.default_rng(0).normal(size=(80, 9)).astype(np.float32)
    moved = mel + 3.0 + (2.0 * cosine(14))[:, None]
    assert mel_cepstral_distortion(moved.astype(np.float32), mel) == pytest.approx(0, abs=2e-2)
    assert mel_cepstral_distortion(mel, mel) == pytest.approx(0, abs=2e-2)


def test_mcd_forgives_tempo_and_not_words(recordings: list[Mel]) -> None:
    slow = recordings[0].repeat(2, axis=1)
    assert mel_cepstral_distortion(slow, recordings[0]) < 0.05
    assert mel_cepstral_distortion(recordings[1], recordings[0]) > 3.0


def spoken(mels: tuple[Mel, ...]) -> Spoken:
    return Spoken(mels, tuple(np.ones((8, 8)) for _ in mels), (True,) * len(mels))


def test_metrics_of_a_perfect_voice(held_out: HeldOut) -> None:
    metrics = likeness_metrics(spoken(held_out.mels), held_out, 3)
    assert metrics["free_run.retrieval_rate"] == metrics["phi"] == 1.0
    assert metrics["mcd"] == pytest.approx(0, abs=2e-2)


def test_phi_of_the_mean_is_nothing(held_out: HeldOut) -> None:
    same = tuple(
        np.broadcast_to(held_out.mean_mel[:, None], mel.shape).astype(np.float32)
        for mel in held_out.mels
    )
    assert likeness_metrics(spoken(same), held_out, 3)["phi"] < 0.05


def test_phi_by_hand(held_out: HeldOut) -> None:
    """0.5 off everywhere along the path: the distance is 0.5, against that of the mean."""
    target = np.full((80, 12), 2.0, dtype=np.float32)
    fixed = replace(held_out, mels=(target,), mean_mel=np.zeros(80))
    metrics = likeness_metrics(spoken((target[:, :7] + 0.5,)), fixed, 1)
    assert metrics["phi"] == pytest.approx(1 - 0.5 / 2.0)
    worse = likeness_metrics(spoken((target + 9,)), fixed, 1)
    assert worse["phi"] == 0.0
