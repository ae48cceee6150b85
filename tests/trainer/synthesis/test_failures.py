"""What is told from attention and length alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.audio import SILENCE
from trainer.hparams import HParams
from trainer.synthesis.failures import Failure, judge_take

TOKENS = 40
STEPS = 240  # at one frame a step 2.8 s, which is right for 40 symbols
HPARAMS = HParams()


def path_of(*tokens: NDArray[np.float64]) -> NDArray[np.float64]:
    """A hard alignment that reads these tokens, one a step."""
    path = np.concatenate(tokens).round().astype(int)
    return np.eye(TOKENS)[path]


def span(first: float, last: float, steps: int) -> NDArray[np.float64]:
    return np.linspace(first, last, steps)


def stay(token: int, steps: int) -> NDArray[np.float64]:
    return np.full(steps, float(token))


PERFECT = path_of(span(0, 39, STEPS))
CASES = {
    "perfect": (PERFECT, True, set()),
    "slow": (path_of(span(0, 39, 2 * STEPS)), True, set()),
    "quick": (path_of(span(0, 39, STEPS // 2)), True, set()),
    "with a pause": (path_of(span(0, 20, 110), stay(20, 100), span(20, 39, 110)), True, set()),
    "the last symbols unread": (path_of(span(0, 36, STEPS)), True, set()),
    "cut at the cap": (PERFECT, False, {Failure.NEVER_STOPPED}),
    "stopped halfway": (
        path_of(span(0, 19, 120)), True, {Failure.STOPPED_EARLY, Failure.SKIPPED},
    ),
    "a word skipped": (
        path_of(span(0, 12, 80), span(24, 39, 100)), True, {Failure.SKIPPED},
    ),
    "a part read twice": (
        path_of(span(0, 25, 120), span(10, 39, 140)), True, {Failure.REPEATED},
    ),
    "stuck in the middle": (
        path_of(span(0, 20, 120), stay(20, 200), span(20, 39, 120)), True, {Failure.STUCK},
    ),
    "babbling at the end": (
        path_of(span(0, 39, 200), stay(39, 700)), False, {Failure.NEVER_STOPPED, Failure.STUCK},
    ),
    "three times too long": (path_of(span(0, 39, 5 * STEPS)), True, {Failure.TOO_LONG}),
}  # fmt: skip


def mel_for(alignment: NDArray[np.float64], r: int = 1) -> NDArray[np.float32]:
    return np.full((80, len(alignment) * r), -4.0, dtype=np.float32)


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    alignment, stopped, failures = CASES[case]
    judgement = judge_take(mel_for(alignment), alignment, stopped, HPARAMS)
    assert set(judgement.failures) == failures
    assert 0.0 <= judgement.score <= 1.0


def test_far_too_short() -> None:
    alignment = np.eye(TOKENS * 5)[np.linspace(0, TOKENS * 5 - 1, 200).round().astype(int)]
    judgement = judge_take(mel_for(alignment), alignment, True, HPARAMS)
    assert judgement.failures == (Failure.STOPPED_EARLY,)


def test_time_is_counted_in_frames_whatever_the_reduction_factor() -> None:
    hparams = HParams(n_frames_per_step=3)
    alignment = path_of(span(0, 20, 40), stay(20, 50), span(20, 39, 40))  # 1.7 s on one symbol
    judgement = judge_take(mel_for(alignment, 3), alignment, True, hparams)
    assert Failure.STUCK in judgement.failures
    assert Failure.STUCK not in judge_take(mel_for(alignment), alignment, True, HPARAMS).failures


def test_silence_at_the_edges_is_nobodys_fault() -> None:
    alignment = path_of(stay(0, 200), span(0, 39, STEPS), stay(39, 200))
    mel = mel_for(alignment)
    mel[:, :200] = mel[:, -200:] = SILENCE
    assert judge_take(mel, alignment, True, HPARAMS).failures == ()


def test_speech_too_short_to_be_scored() -> None:
    judgement = judge_take(np.zeros((80, 3), np.float32), np.eye(3), True, HPARAMS)
    assert judgement.score == 0.0
    assert judgement.failures == ()


def test_fewest_failures_rank_first_then_the_alignment() -> None:
    soft = 0.5 * PERFECT + 0.5 / TOKENS
    best, softer, failed = (
        judge_take(mel_for(a), a, True, HPARAMS)
        for a in (PERFECT, soft, path_of(span(0, 12, 80), span(24, 39, 100)))
    )
    assert softer.failures == ()
    assert best.rank > softer.rank > failed.rank
