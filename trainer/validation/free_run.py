"""Free-running checks: teacher forcing hides a model that can't speak."""

from dataclasses import dataclass

import numpy as np

from trainer.alignment import MIN_SIZE, Matrix, attention_path, crop_silence, score_alignment
from trainer.hparams import HParams
from trainer.validation.held_out import LENGTH_RATIO_MAX, HeldOut, Spoken

LENGTH_RATIO_MIN = 0.6
_COVERAGE_MIN = 0.9
_SKIPPED_TOKENS = 6
"""A jump ahead by more tokens than this, in one decoder step, leaves a word out."""
_REPEATED_TOKENS = 3
"""Going back by more tokens than this says a part again."""


@dataclass(frozen=True)
class Verdict:
    """Of one free-running utterance."""

    length_ratio: float
    stopped: bool
    early: bool
    missed: bool
    covered: bool
    skipped: bool
    repeated: bool

    @property
    def success(self) -> bool:
        """Stopped in time, and read all of the text once."""
        in_time = self.stopped and not self.early and not self.missed
        return in_time and self.covered and not self.skipped and not self.repeated


def judge_utterance(alignment: Matrix, length_ratio: float, stopped: bool) -> Verdict:
    """Judge from the cropped alignment [T', N] and the length relative to the recording's."""
    path = attention_path(alignment)
    return Verdict(
        length_ratio=length_ratio,
        stopped=stopped,
        early=stopped and length_ratio < LENGTH_RATIO_MIN,
        missed=not stopped or length_ratio > LENGTH_RATIO_MAX,
        covered=score_alignment(alignment).coverage >= _COVERAGE_MIN,
        skipped=bool((np.diff(path) > _SKIPPED_TOKENS).any()),
        repeated=bool((np.maximum.accumulate(path) - path > _REPEATED_TOKENS).any()),
    )


def judge_spoken(spoken: Spoken, held_out: HeldOut, hparams: HParams) -> list[Verdict]:
    """One verdict an utterance."""
    verdicts = []
    for mel, alignment, stopped, target in zip(
        spoken.mels, spoken.alignments, spoken.stopped, held_out.mels, strict=True
    ):
        cropped = crop_silence(alignment, mel, hparams.n_frames_per_step)
        judged = cropped if min(cropped.shape) >= MIN_SIZE else alignment
        verdicts.append(judge_utterance(judged, mel.shape[1] / target.shape[1], stopped))
    return verdicts


def free_run_metrics(verdicts: list[Verdict]) -> dict[str, float]:
    """``free_run.*`` (less retrieval) and the free-running ``gate.*`` (METRICS names)."""
    return {
        "free_run.success_rate": float(np.mean([v.success for v in verdicts])),
        "free_run.length_ratio": float(np.mean([v.length_ratio for v in verdicts])),
        "free_run.max_steps_rate": float(np.mean([not v.stopped for v in verdicts])),
        "gate.early_rate": float(np.mean([v.early for v in verdicts])),
        "gate.missed_rate": float(np.mean([v.missed for v in verdicts])),
    }
