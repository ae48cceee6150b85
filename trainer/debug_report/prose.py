"""The text of a debug report: what happened, what the numbers say, what to try."""

import math
import statistics
from collections.abc import Mapping, Sequence

from trainer.debug_report.advice import advice
from trainer.debug_report.evidence import Evidence, ranked

_N_LAYERS = 10
_QUANTITIES = (
    "train.loss", "train.taco", "train.atten", "train.gate", "train.guide", "train.mmi",
    "train.emb", "gradient.norm",
)  # fmt: skip
_WHAT = {
    "non_finite": (
        "The loss, the gradient or an output of the model was NaN or infinite. No optimiser step "
        "was taken on it."
    ),
    "gradient_explosion": (
        "The gradient norm was above {critical:g} on at least {steps} of the last {window} steps. "
        "Clipping bounds a step's length, not its direction: weights that were moved by such "
        "gradients are seldom good again."
    ),
}
_PICTURES = {
    "curves.png": "loss, gradient norm and learning rate of the last steps",
    "layers.png": "the largest gradient norms, tensor by tensor",
    "samples.png": "attention, recording and output of the batch's first utterances",
}


def explain(
    evidence: Evidence, steps: Sequence[Mapping[str, float]], pictures: Sequence[str]
) -> str:
    """The report as Markdown.

    Args:
        evidence: the failure.
        steps: the last steps' metrics, as many as are reported.
        pictures: names of the files that were drawn.
    """
    sections = [
        f"# {evidence.cause} at step {evidence.step}",
        _what_happened(evidence),
        _numbers(evidence, steps),
        _layers(evidence),
        "## What to try\n\n" + "\n".join(f"{i}. {a}" for i, a in enumerate(advice(evidence), 1)),
        _pictures(pictures),
        _batch(evidence),
        "`report.json` has all of these numbers, every layer, the hyperparameters and versions.",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _what_happened(evidence: Evidence) -> str:
    hparams = evidence.hparams
    what = _WHAT.get(evidence.cause, "Training could not go on.").format(
        critical=hparams.grad_norm_critical,
        steps=hparams.explosion_steps,
        window=hparams.explosion_window,
    )
    seen = f"\n\nSeen: {_one_line(evidence.message)}." if evidence.message else ""
    rescues = f"{evidence.restarts} of {hparams.max_restarts}" if hparams.rescue else "off"
    return (
        f"## What happened\n\n{what}{seen}\n\n"
        f"* learning rate: {evidence.learning_rate:.3g} (factor {evidence.factor:.3g} of the "
        f"schedule's)\n* rescues in a row before this: {rescues}"
    )


def _numbers(evidence: Evidence, steps: Sequence[Mapping[str, float]]) -> str:
    if not steps:
        return ""
    hparams = evidence.hparams
    thresholds = (("warning", hparams.grad_norm_warning), ("critical", hparams.grad_norm_critical))
    norms = [s["gradient.norm"] for s in steps if "gradient.norm" in s and not s.get("skipped")]
    above = "; ".join(
        f"above {name} ({limit:g}) on {sum(norm > limit for norm in norms)}"
        for name, limit in thresholds
    )
    rows = [row for name in _QUANTITIES if (row := _row(name, steps))]
    skipped = sum(bool(step.get("skipped")) for step in steps)
    note = f" The loss scaler skipped {skipped}." if skipped else ""
    return (
        f"## What the numbers say\n\nOf the last {len(steps)} steps:\n\n"
        "| | last | median | largest | at step | not finite |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nGradient norm {above}.{note}"
    )


def _row(name: str, steps: Sequence[Mapping[str, float]]) -> str | None:
    if name == "gradient.norm":  # a skipped step's says what fp16 can hold
        steps = [step for step in steps if not step.get("skipped")]
    known = [(step[name], round(step["step"])) for step in steps if name in step]
    if not any(value for value, _ in known):  # a loss that is switched off
        return None
    finite = [(value, at) for value, at in known if math.isfinite(value)]
    lost = len(known) - len(finite)
    if not finite:
        return f"| `{name}` | {known[-1][0]:.4g} | | | | {lost} |"
    largest, at = max(finite)
    median = statistics.median(value for value, _ in finite)
    return f"| `{name}` | {known[-1][0]:.4g} | {median:.4g} | {largest:.4g} | {at} | {lost or ''} |"


def _layers(evidence: Evidence) -> str:
    norms = evidence.layer_norms
    if not norms:
        return ""
    lost = [name for name, value in norms.items() if not math.isfinite(value)]
    total = math.hypot(*norms.values())
    lines = [
        f"* `{name}`: {value:.3g}" + ("" if lost else f" ({_share(value, total):.0%})")
        for name, value in ranked(norms)[:_N_LAYERS]
    ]
    heading = "The largest gradients, with their share of the whole's square"
    if lost:
        heading = f"Not finite in {len(lost)} of {len(norms)} parameter tensors; first those"
    return f"{heading}:\n\n" + "\n".join(lines)


def _share(value: float, total: float) -> float:
    return (value / total) ** 2 if total else 0.0


def _pictures(names: Sequence[str]) -> str:
    if not names:
        return ""
    lines = [f"`{name}`: {_PICTURES[name]}\n\n![]({name})" for name in names]
    return "\n\n".join(("## Pictures", *lines))


def _batch(evidence: Evidence) -> str:
    if not evidence.batch:
        return ""
    rows = "\n".join(
        f"| {_cell(u.id)} | {u.n_tokens} | {u.n_frames} | {_cell(u.text)} |" for u in evidence.batch
    )
    head = "| id | tokens | frames | text |\n|---|---|---|---|\n"
    return f"## The batch\n\n{len(evidence.batch)} utterances:\n\n{head}{rows}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")
