"""What to try after a failure: advice that follows from the evidence, the likeliest first."""

import math
import statistics
from collections.abc import Callable, Sequence

import numpy as np

from trainer.debug_report.evidence import Evidence

_MUCH = 0.7  # of the gradient: one tensor dominates it
_ODD = 2.0  # times the batch's median frames a token, or its inverse
_EARLY_STEPS = 1000
_LEAST_WARM_UP = 100
_N_NAMED = 5


def advice(evidence: Evidence) -> list[str]:
    """Sentences to act on, for ``cause`` and what is known beside it; never none."""
    return [line for check in _CHECKS.get(evidence.cause, _OTHER) if (line := check(evidence))]


def _mels_not_finite(evidence: Evidence) -> str | None:
    bad = [s.id for s in evidence.samples if not np.isfinite(s.target).all()]
    if not bad:
        return None
    return (
        f"The mel spectrogram of {_named(bad)} is itself not finite: look at the recording with "
        "`smart-tuner corpus check`, and delete the cached mels."
    )


def _loss_terms_not_finite(evidence: Evidence) -> str | None:
    if not evidence.steps:
        return None
    last = evidence.steps[-1]
    terms = [
        name
        for name, value in last.items()
        if name.startswith("train.") and name != "train.loss" and not math.isfinite(value)
    ]
    if not terms:
        return None
    return (
        f"Of the loss's terms, {_named(terms)} was not finite: train with that one switched off "
        "or weighted less, to see whether it is the source."
    )


def _first_layers_not_finite(evidence: Evidence) -> str | None:
    norms = evidence.layer_norms or {}
    bad = [name for name, value in norms.items() if not math.isfinite(value)]
    if not bad or len(bad) == len(norms):
        return None
    return (
        f"Only {len(bad)} of {len(norms)} gradients are not finite, among them {_named(bad)}: the "
        "source is where the gradient, on its way back from the loss, first meets one of them."
    )


def _norm_overflowed(evidence: Evidence) -> str | None:
    norms = evidence.layer_norms
    norm = evidence.steps[-1].get("gradient.norm", 0.0) if evidence.steps else 0.0
    if not norms or math.isfinite(norm) or not all(map(math.isfinite, norms.values())):
        return None
    return (
        "Every tensor's gradient is finite "
        f"({math.hypot(*norms.values()):.3g} in all); only the sum of their squares exceeds what "
        "float32 can hold. So this is an explosion: no number was lost, and the rate is too high."
    )


def _half_precision(evidence: Evidence) -> str | None:
    instead = {"fp16": "`precision: bf16`, or `fp32`", "bf16": "`precision: fp32`"}
    wanted = instead.get(evidence.hparams.precision)
    return f"Try {wanted}: half precision overflows and rounds earlier." if wanted else None


def _rose_before(evidence: Evidence) -> str | None:
    norms = [step["gradient.norm"] for step in evidence.steps if "gradient.norm" in step]
    finite = [norm for norm in norms if math.isfinite(norm)]
    if not finite:
        return None
    if max(finite) > evidence.hparams.grad_norm_critical:
        return (
            f"The gradient norm had risen to {max(finite):.3g} before: the training diverged, and "
            "a lower `learning_rate` is the first thing to try."
        )
    return (
        f"The gradient norm was at most {max(finite):.3g} before: this came out of the blue. "
        "Suspect this batch (its utterances are listed below) rather than the learning rate."
    )


def _odd_utterances(evidence: Evidence) -> str | None:
    paces = {u.id: u.n_frames / max(u.n_tokens, 1) for u in evidence.batch}
    if len(paces) < 3:  # no median to speak of
        return None
    usual = statistics.median(paces.values())
    odd = [name for name, pace in paces.items() if not usual / _ODD <= pace <= usual * _ODD]
    if not odd:
        return None
    return (
        f"Frames a token are far from the batch's median ({usual:.2g}) in {_named(odd)}: does the "
        "text say what is spoken?"
    )


def _lower_rate(evidence: Evidence) -> str:
    rate = evidence.hparams.learning_rate
    return f"Lower `learning_rate` ({rate:g}) to {rate / 2:g}, then to {rate / 5:g}."


def _warm_up(evidence: Evidence) -> str | None:
    if evidence.hparams.warmup_steps or evidence.step > _EARLY_STEPS:
        return None
    return (
        f"It happened early, at step {evidence.step}, without a warm-up: try "
        f"`warmup_steps: {max(2 * evidence.step, _LEAST_WARM_UP)}`."
    )


def _clip(evidence: Evidence) -> str | None:
    hparams = evidence.hparams
    if hparams.grad_clip == "none":
        return "Gradients are not clipped: use `grad_clip: norm`."
    if hparams.grad_clip_thresh > 1.0:
        return f"Clip harder: `grad_clip_thresh: 1.0` instead of {hparams.grad_clip_thresh:g}."
    return None


def _dominant_layer(evidence: Evidence) -> str | None:
    norms = evidence.layer_norms or {}
    total = math.hypot(*norms.values())
    if not norms or not math.isfinite(total):
        return None
    name, norm = max(norms.items(), key=lambda pair: pair[1])
    if norm <= _MUCH * total:
        return None
    return f"Nearly all of the gradient is in `{name}`: the trouble is there, or right above it."


def _small_batch(evidence: Evidence) -> str | None:
    size = evidence.hparams.batch_size
    if size >= 8:
        return None
    return f"Batches of {size} give noisy gradients: raise `batch_size`."


def _allow_rescues(evidence: Evidence) -> str | None:
    if evidence.hparams.rescue and evidence.hparams.max_restarts:
        return None
    return "Let the trainer go back by itself, at a lower rate: `rescue: true`."


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:_N_NAMED]) + more


def _read_the_log(evidence: Evidence) -> str:
    return "Read `trainer.log` in the run directory: it has what was raised, and where."


_DIVERGED: tuple[Callable[[Evidence], str | None], ...] = (
    _lower_rate, _clip, _warm_up, _dominant_layer, _odd_utterances, _small_batch, _allow_rescues,
)  # fmt: skip
_CHECKS: dict[str, tuple[Callable[[Evidence], str | None], ...]] = {
    "non_finite": (
        _mels_not_finite, _loss_terms_not_finite, _first_layers_not_finite, _norm_overflowed,
        _rose_before, _half_precision, *_DIVERGED,
    ),
    "gradient_explosion": _DIVERGED,
}  # fmt: skip
_OTHER: tuple[Callable[[Evidence], str | None], ...] = (_read_the_log, _odd_utterances)
