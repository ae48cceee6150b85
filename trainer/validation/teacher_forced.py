"""Scores under teacher forcing: losses, alignment, stop gate."""

import numpy as np

from trainer.alignment import crop_silence, score_batch
from trainer.hparams import HParams
from trainer.validation.held_out import Forced, HeldOut


def forced_metrics(forced: Forced, held_out: HeldOut, hparams: HParams) -> dict[str, float]:
    """``validation.*``, ``alignment.*`` and ``gate.stop_error_*`` (METRICS names)."""
    r = hparams.n_frames_per_step
    scores = score_batch(
        [crop_silence(a, m, r) for a, m in zip(forced.alignments, held_out.mels, strict=True)]
    )
    return {
        **_validation(forced, held_out),
        "alignment.overall_score": scores.overall,
        "alignment.diagonal_score": scores.diagonal,
        "alignment.monotonic_score": scores.monotonic,
        "alignment.focus_score": scores.focus,
        "alignment.coverage_score": scores.coverage,
        **_stop_errors(forced, hparams),
    }


def _validation(forced: Forced, held_out: HeldOut) -> dict[str, float]:
    """Taco loss and L1 after the postnet, on unnormalised log-mels, pooled over frames."""
    count = sum(mel.size for mel in held_out.mels)
    squared = absolute = 0.0
    for before, after, target in zip(
        forced.mels_before_postnet, forced.mels, held_out.mels, strict=True
    ):
        squared += float(((before - target) ** 2).sum(dtype=np.float64))
        squared += float(((after - target) ** 2).sum(dtype=np.float64))
        absolute += float(np.abs(after - target).sum(dtype=np.float64))
    return {"validation.loss": squared / count, "validation.mel_l1": absolute / count}


def _stop_errors(forced: Forced, hparams: HParams) -> dict[str, float]:
    """How far from the last frame the gate opens; where it never does, as if one step late."""
    threshold = np.log(hparams.gate_threshold / (1 - hparams.gate_threshold))
    step_ms = 1000.0 * hparams.hop_length * hparams.n_frames_per_step / hparams.sampling_rate
    errors = []
    for gate in forced.gates:
        opened = np.flatnonzero(gate > threshold)
        first = int(opened[0]) if len(opened) else len(gate)
        errors.append(abs(first - (len(gate) - 1)) * step_ms)
    return {
        "gate.stop_error_median_ms": float(np.median(errors)),
        "gate.stop_error_p90_ms": float(np.percentile(errors, 90)),
    }
