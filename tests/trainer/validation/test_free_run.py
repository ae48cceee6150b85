"""Judging free-running speech: each way to fail, just before and just beyond it."""

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.audio import SILENCE
from trainer.hparams import HParams
from trainer.validation import HeldOut
from trainer.validation.free_run import (
    Verdict,
    free_run_metrics,
    judge_spoken,
    judge_utterance,
)
from trainer.validation.held_out import Spoken

Matrix = NDArray[np.float64]


def read(order: Iterable[int], n: int, steps: int = 4) -> Matrix:
    """Hard attention to the tokens in ``order``, ``steps`` each."""
    return np.eye(n)[np.repeat(list(order), steps)]


PERFECT = read(range(100), 100)
FAULTS = ("early", "missed", "not covered", "skipped", "repeated")


def faults(verdict: Verdict) -> tuple[str, ...]:
    found = (
        verdict.early, verdict.missed, not verdict.covered, verdict.skipped, verdict.repeated
    )  # fmt: skip
    return tuple(name for name, is_so in zip(FAULTS, found, strict=True) if is_so)


@pytest.mark.parametrize(
    ("alignment", "ratio", "stopped", "expected"),
    [
        (PERFECT, 1.0, True, ()),
        (PERFECT, 0.6, True, ()),
        (PERFECT, 0.59, True, ("early",)),
        (PERFECT, 1.6, True, ()),
        (PERFECT, 1.61, True, ("missed",)),
        (PERFECT, 1.0, False, ("missed",)),
        (PERFECT, 0.3, False, ("missed",)),
        (read(range(89), 100), 1.0, True, ()),  # the neighbour of the last one read counts
        (read(range(88), 100), 1.0, True, ("not covered",)),
        (read([*range(50), *range(55, 100)], 100), 1.0, True, ()),
        (read([*range(50), *range(56, 100)], 100), 1.0, True, ("skipped",)),
        (read([*range(50), *range(46, 100)], 100), 1.0, True, ()),
        (read([*range(50), *range(45, 100)], 100), 1.0, True, ("repeated",)),
        (read([*range(100), *range(100)], 100), 1.9, True, ("missed", "repeated")),
        (read([3], 100, 400), 1.0, True, ("not covered",)),
        (np.full((300, 100), 0.01), 1.0, True, ()),  # alignment scores tell this, not the verdict
    ],
)
def test_verdicts(
    alignment: Matrix, ratio: float, stopped: bool, expected: tuple[str, ...]
) -> None:
    verdict = judge_utterance(alignment, ratio, stopped)
    assert faults(verdict) == expected
    assert verdict.success == (not expected)
    assert (verdict.length_ratio, verdict.stopped) == (ratio, stopped)


def test_rates() -> None:
    verdicts = [
        judge_utterance(PERFECT, 1.0, True),
        judge_utterance(PERFECT, 0.5, True),
        judge_utterance(PERFECT, 1.7, True),
        judge_utterance(PERFECT, 1.76, False),
    ]
    assert free_run_metrics(verdicts) == {
        "free_run.success_rate": 0.25,
        "free_run.length_ratio": pytest.approx(4.96 / 4),
        "free_run.max_steps_rate": 0.25,
        "gate.early_rate": 0.25,
        "gate.missed_rate": 0.5,
    }


def well_spoken(held_out: HeldOut, r: int) -> Spoken:
    """The recordings themselves, each read evenly."""
    alignments = []
    for mel, tokens in zip(held_out.mels, held_out.batch.text_lengths.tolist(), strict=True):
        steps = -(-mel.shape[1] // r)
        alignments.append(np.eye(tokens)[np.arange(steps) * tokens // steps])
    return Spoken(held_out.mels, tuple(alignments), (True,) * len(held_out))


def test_the_recordings_succeed(held_out: HeldOut) -> None:
    hparams = HParams(n_frames_per_step=3)
    metrics = free_run_metrics(judge_spoken(well_spoken(held_out, 3), held_out, hparams))
    assert metrics["free_run.success_rate"] == metrics["free_run.length_ratio"] == 1.0
    assert metrics["gate.early_rate"] == metrics["gate.missed_rate"] == 0.0


def test_silence_at_the_edges_is_no_part_of_reading(held_out: HeldOut) -> None:
    """Attention may rest anywhere while nothing sounds."""
    good = well_spoken(held_out, 1)
    quiet = np.full((80, 12), SILENCE, dtype=np.float32)
    stray = [np.eye(a.shape[1])[np.zeros(12, dtype=int)] for a in good.alignments]
    padded = Spoken(
        tuple(np.concatenate((mel, quiet), axis=1) for mel in good.mels),
        tuple(np.concatenate(pair) for pair in zip(good.alignments, stray, strict=True)),
        good.stopped,
    )
    verdicts = judge_spoken(padded, held_out, HParams())
    assert [faults(v) for v in verdicts] == [()] * len(held_out)
    assert all(v.length_ratio > 1.0 for v in verdicts)


def test_speech_of_nothing_but_silence_is_judged(held_out: HeldOut) -> None:
    silent = Spoken(
        tuple(np.full((80, 3), SILENCE, dtype=np.float32) for _ in held_out.mels),
        tuple(np.ones((1, n)) / n for n in held_out.batch.text_lengths.tolist()),
        (True,) * len(held_out),
    )
    verdicts = judge_spoken(silent, held_out, HParams(n_frames_per_step=3))
    assert [v.early for v in verdicts] == [True] * len(held_out)
    assert not any(v.success for v in verdicts)
