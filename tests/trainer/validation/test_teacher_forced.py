"""Scores under teacher forcing, of outputs that are written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from trainer.alignment import score_alignment
from trainer.audio import SILENCE
from trainer.hparams import HParams
from trainer.validation import HeldOut
from trainer.validation.held_out import Forced
from trainer.validation.teacher_forced import forced_metrics

STEP_MS = 1000 * 256 / 22_050


def forced(held_out: HeldOut, r: int = 1, late: tuple[int, ...] = (0, 0, 0, 0)) -> Forced:
    """Recordings said back exactly, stops ``late`` steps after the last one."""
    alignments, gates = [], []
    for mel, tokens, delay in zip(
        held_out.mels, held_out.batch.text_lengths.tolist(), late, strict=True
    ):
        steps = -(-mel.shape[1] // r)
        alignments.append(np.eye(tokens)[np.arange(steps) * tokens // steps])
        gates.append(np.where(np.arange(steps) >= steps - 1 + delay, 3.0, -3.0))
    return Forced(held_out.mels, held_out.mels, tuple(gates), tuple(alignments))


def test_a_perfect_model(held_out: HeldOut) -> None:
    metrics = forced_metrics(forced(held_out), held_out, HParams())
    assert metrics["validation.loss"] == metrics["validation.mel_l1"] == 0.0
    assert metrics["gate.stop_error_median_ms"] == metrics["gate.stop_error_p90_ms"] == 0.0
    assert metrics["alignment.overall_score"] > 0.9
    assert metrics["alignment.coverage_score"] == 1.0


def test_losses_are_pooled_over_frames(held_out: HeldOut) -> None:
    fine = forced(held_out)
    off = replace(
        fine,
        mels=tuple(m + d for m, d in zip(held_out.mels, (0.0, 1.0, -2.0, 0.5), strict=True)),
        mels_before_postnet=tuple(m + 3.0 for m in held_out.mels),
    )
    frames = np.array([m.shape[1] for m in held_out.mels])
    metrics = forced_metrics(off, held_out, HParams())
    after = (frames * np.array([0.0, 1.0, 4.0, 0.25])).sum() / frames.sum()
    assert metrics["validation.loss"] == pytest.approx(9.0 + after, rel=1e-5)
    absolute = (frames * np.array([0.0, 1.0, 2.0, 0.5])).sum() / frames.sum()
    assert metrics["validation.mel_l1"] == pytest.approx(absolute, rel=1e-5)


@pytest.mark.parametrize("r", [1, 3])
@pytest.mark.parametrize(
    ("late", "steps"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 0)),
        ((-3, -3, -3, -3), (3, 3, 3, 3)),
        ((-10, 0, -2, 0), (10, 0, 2, 0)),
        ((5, 5, 5, 5), (1, 1, 1, 1)),  # never: as if one step late
    ],
)
def test_stop_errors(
    held_out: HeldOut, r: int, late: tuple[int, ...], steps: tuple[int, ...]
) -> None:
    hparams = HParams(n_frames_per_step=r)
    metrics = forced_metrics(forced(held_out, r, late), held_out, hparams)
    errors = np.array(steps) * STEP_MS * r
    assert metrics["gate.stop_error_median_ms"] == pytest.approx(np.median(errors))
    assert metrics["gate.stop_error_p90_ms"] == pytest.approx(np.percentile(errors, 90))


def test_the_gate_opens_at_its_threshold(held_out: HeldOut) -> None:
    strict = HParams(gate_threshold=0.96)  # sigmoid(3) is 0.953
    metrics = forced_metrics(forced(held_out), held_out, strict)
    assert metrics["gate.stop_error_median_ms"] == pytest.approx(STEP_MS)


def test_alignment_scores_are_means_of_cropped_alignments(held_out: HeldOut) -> None:
    quiet = np.full((80, 30), SILENCE, dtype=np.float32)
    padded = replace(
        held_out, mels=tuple(np.concatenate((quiet, mel), axis=1) for mel in held_out.mels)
    )
    good = forced(held_out)
    stray = [np.eye(a.shape[1])[np.full(30, a.shape[1] - 1)] for a in good.alignments]
    outputs = Forced(
        padded.mels,
        padded.mels,
        good.gates,
        tuple(np.concatenate(pair) for pair in zip(stray, good.alignments, strict=True)),
    )
    metrics = forced_metrics(outputs, padded, HParams())
    plain = forced_metrics(good, held_out, HParams())
    assert metrics["alignment.overall_score"] == pytest.approx(
        plain["alignment.overall_score"], abs=0.05
    )
    assert np.mean([score_alignment(a).overall for a in outputs.alignments]) < 0.8
