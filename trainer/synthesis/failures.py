"""What can go wrong when a sentence is spoken, told without a recording to compare with.

The attention tells most: which symbols were read, in which order, and for how long. The checks of
validation judge it (:mod:`trainer.validation.free_run`); the length is held against a guess from
the number of symbols, with wide bounds.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from trainer.alignment import (
    MIN_SIZE,
    Matrix,
    attention_path,
    crop_silence,
    score_alignment,
)
from trainer.hparams import HParams
from trainer.validation.free_run import judge_utterance

SECONDS_PER_SYMBOL = 0.07
"""Of read speech, English or Russian: 14 symbols a second, pauses included."""
SHORTEST, LONGEST = 0.35, 3.0
"""Shares of the expected length beyond which a sentence was not read as it should be."""
SHORT_MARGIN_SECONDS, LONG_MARGIN_SECONDS = 0.2, 0.75
"""What any sentence may want or last beyond them: one quick word, silence at the edges."""
STUCK_SECONDS = 1.5
"""Attention that rests so long on one symbol is no pause."""
UNREAD_SYMBOLS = 4
"""As many symbols from the end attention must get: the last ones are stops and the end itself."""


class Failure(StrEnum):
    """The ways to fail, as reports name them."""

    NEVER_STOPPED = "never_stopped"
    """The stop gate did not open: the speech was cut at the cap."""
    TOO_LONG = "too_long"
    """It stopped far too late for its text."""
    STOPPED_EARLY = "stopped_early"
    """It stopped before the end of the text, or far too soon for it."""
    SKIPPED = "skipped"
    """Attention left out symbols."""
    REPEATED = "repeated"
    """Attention went back and read again."""
    STUCK = "stuck"
    """Attention rested on one symbol."""


@dataclass(frozen=True)
class Judgement:
    """Of one take."""

    failures: tuple[Failure, ...]
    """None: spoken well, as far as attention and length tell."""
    score: float
    """``overall`` of the alignment scores, in [0, 1]; 0 where a sentence is too short for them."""

    @property
    def rank(self) -> tuple[int, float]:
        """Of several takes the best has the highest: fewest failures, then best alignment."""
        return (-len(self.failures), self.score)


def judge_take(
    mel: NDArray[np.float32], alignment: Matrix, stopped: bool, hparams: HParams
) -> Judgement:
    """Judge a take from its log-mel [n_mels, T] and its alignment [T', N]."""
    heard = crop_silence(alignment, mel, hparams.n_frames_per_step)
    if min(heard.shape) < MIN_SIZE:
        heard = alignment
    frame_seconds = hparams.hop_length / hparams.sampling_rate
    seconds, n_symbols = mel.shape[1] * frame_seconds, alignment.shape[1]
    expected = SECONDS_PER_SYMBOL * n_symbols
    verdict = judge_utterance(heard, seconds / expected, stopped)
    path = attention_path(heard)
    long_stay = STUCK_SECONDS / (frame_seconds * hparams.n_frames_per_step)
    found = {
        Failure.NEVER_STOPPED: not stopped,
        Failure.TOO_LONG: stopped and seconds > LONGEST * expected + LONG_MARGIN_SECONDS,
        Failure.STOPPED_EARLY: stopped
        and (
            int(path.max()) < n_symbols - 1 - UNREAD_SYMBOLS
            or seconds < SHORTEST * expected - SHORT_MARGIN_SECONDS
        ),
        Failure.SKIPPED: verdict.skipped or (stopped and not verdict.covered),
        Failure.REPEATED: verdict.repeated,
        Failure.STUCK: _longest_stay(path) > long_stay,
    }
    score = score_alignment(heard).overall if min(heard.shape) >= MIN_SIZE else 0.0
    return Judgement(tuple(failure for failure, is_there in found.items() if is_there), score)


def _longest_stay(path: NDArray[np.int64]) -> int:
    """The most steps in a row on one symbol."""
    changes = np.flatnonzero(np.diff(path)) + 1
    return int(np.diff(np.concatenate(([0], changes, [len(path)]))).max())
