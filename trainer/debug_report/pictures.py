"""The pictures of a debug report: curves of the last steps, gradients by layer, the batch."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import NDArray

from trainer.audio import SILENCE
from trainer.debug_report.evidence import BatchUtterance, Evidence, Sample, ranked

_N_LAYERS = 30
_LOUD = 2.0  # log-mel
_TITLE_CHARACTERS = 100
_BAD = "#d62728"
_FEW = 60  # steps that are dots, too
_LEAST_SHARE = 1e-8  # of the largest value, shown on a log scale
_LABEL_SHARE = 0.16  # of the width, for "-1.23e+19"
_TERMS = ("taco", "atten", "gate", "guide", "mmi", "emb")


def draw_curves(path: Path, evidence: Evidence, steps: Sequence[Mapping[str, float]]) -> None:
    """Loss with its terms, gradient norm with its thresholds, learning rate; step by step."""
    figure = Figure(figsize=(10, 9), dpi=90)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(0.08, 0.06, 0.8, 0.93, hspace=0.12)
    loss, gradient, rate = figure.subplots(3, 1, sharex=True, height_ratios=(4, 4, 2))
    figure.suptitle(
        f"{evidence.cause} at step {evidence.step}   {evidence.message}"[:_TITLE_CHARACTERS],
        parse_math=False,
    )
    terms = [f"train.{t}" for t in _TERMS if any(step.get(f"train.{t}", 0.0) for step in steps)]
    _curve(loss, steps, "train.loss", "weighted sum", color="black", width=1.8)
    for term in terms:
        _curve(loss, steps, term, term.removeprefix("train."), width=0.9)
    taken = [step for step in steps if not step.get("skipped")]
    _curve(gradient, taken, "gradient.norm", "before clipping", color="black", width=1.8)
    heights = _thresholds(gradient, evidence)
    _skipped(gradient, steps)
    _curve(rate, steps, "train.learning_rate", "effective", color="tab:blue")
    _log_scale(loss, _values(steps, "train.loss", *terms))
    _log_scale(gradient, [*_values(steps, "gradient.norm"), *heights])
    rate.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2))
    rates = [value for value in _values(steps, "train.learning_rate") if math.isfinite(value)]
    rate.set_ylim(0.0, 1.1 * max(rates, default=0.0) or 1.0)
    for axes, name in ((loss, "loss"), (gradient, "gradient norm"), (rate, "rate")):
        axes.set(ylabel=name)
        axes.grid(alpha=0.25, which="major")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=8, frameon=False)
    numbers = _values(steps, "step")
    rate.set(xlabel="step", xlim=(min(numbers) - 1, max(numbers) + 1))
    rate.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.savefig(path, format="png")


def draw_layers(path: Path, norms: Mapping[str, float]) -> None:
    """The largest gradient norms, tensor by tensor; those not finite first, as full bars."""
    shown = ranked(norms)[:_N_LAYERS]
    figure = Figure(figsize=(10, 1.2 + 0.24 * len(shown)), dpi=90)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    figure.subplots_adjust(
        0.46, 0.7 / figure.get_figheight(), 0.92, 1 - 0.4 / figure.get_figheight()
    )
    positive = [value for _, value in shown if math.isfinite(value) and value > 0.0]
    largest, least = max(positive, default=1.0), min(positive, default=1.0)
    left = max(least, largest * 1e-6) / 2.0
    for row, (_, value) in enumerate(shown):
        finite = math.isfinite(value)
        width = max(value, left) if finite else largest
        color = "tab:blue" if finite else _BAD
        axes.barh(row, width - left, left=left, color=color, hatch="" if finite else "///")
        axes.annotate(
            f"{value:.3g}", (width, row), (3, 0), textcoords="offset points", va="center",
            fontsize=8, color=color,
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), [name for name, _ in shown], fontsize=8)
    axes.set(
        xscale="log", xlim=(left, _room_for_labels(left, largest)),
        xlabel="gradient norm of the tensor", ylim=(len(shown) - 0.4, -0.6),
    )  # fmt: skip
    axes.xaxis.set_minor_formatter(NullFormatter())  # they would run into each other
    lost = sum(not math.isfinite(value) for value in norms.values())
    first = f"{lost} not finite, then the largest" if lost else "the largest"
    axes.set_title(f"{len(shown)} of {len(norms)} parameter tensors: {first}", fontsize=10)
    axes.grid(axis="x", alpha=0.25)
    figure.savefig(path, format="png")


def _room_for_labels(left: float, largest: float) -> float:
    """The right end of a log axis from ``left`` on whose longest bar leaves a label its place."""
    return max(left * math.exp(math.log(largest / left) / (1.0 - _LABEL_SHARE)), largest * 3.0)


def draw_samples(path: Path, samples: Sequence[Sample], batch: Sequence[BatchUtterance]) -> None:
    """Attention, recording and output of each utterance, a row each; red: not finite."""
    texts = {utterance.id: utterance.text for utterance in batch}
    height = 2.6 * len(samples) + 0.5
    figure = Figure(figsize=(13, height), dpi=80)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(0.05, 0.55 / height, 0.985, 1 - 0.75 / height, wspace=0.14, hspace=0.75)
    rows = figure.subplots(len(samples), 3, squeeze=False)
    for sample, (attention, target, output) in zip(samples, rows, strict=True):
        caption = " ".join(f"{sample.id}: {texts.get(sample.id, '')}".split())
        attention.text(
            0.0, 1.24, caption[:_TITLE_CHARACTERS], transform=attention.transAxes, fontsize=10,
            fontweight="bold", parse_math=False,
        )  # fmt: skip
        _alignment(attention, sample.alignment)
        _mel(target, sample.target, "recording")
        _mel(output, sample.output, "output")
    figure.savefig(path, format="png")


def _curve(
    axes: Axes,
    steps: Sequence[Mapping[str, float]],
    name: str,
    label: str,
    color: str | None = None,
    width: float = 1.2,
) -> None:
    """One metric: finite values as a line, the steps of the others as red upright lines."""
    known = [(step["step"], step[name]) for step in steps if name in step]
    x, values = np.array(known, dtype=np.float64).reshape(-1, 2).T
    finite = np.isfinite(values)
    marker = "." if len(x) <= _FEW else None
    axes.plot(
        x, np.where(finite, values, np.nan), label=label, color=color, linewidth=width,
        marker=marker,
    )  # fmt: skip
    for index, lost in enumerate(x[~finite]):
        mark = f"{label}: not finite" if index == 0 else None
        axes.axvline(lost, color=_BAD, linewidth=width, label=mark)


def _values(steps: Sequence[Mapping[str, float]], *names: str) -> list[float]:
    return [step[name] for step in steps for name in names if name in step]


def _log_scale(axes: Axes, values: Sequence[float]) -> None:
    """Limits by hand: matplotlib's own fail where there is only NaN beside the thresholds."""
    axes.set_yticks([])  # says what is true where nothing can be shown
    positive = [value for value in values if math.isfinite(value) and value > 0.0]
    if positive:
        axes.set_yscale("log", nonpositive="mask")
        axes.set_ylim(max(min(positive), max(positive) * _LEAST_SHARE) / 1.5, max(positive) * 1.5)


def _thresholds(axes: Axes, evidence: Evidence) -> list[float]:
    """Draw them; their heights."""
    hparams = evidence.hparams
    lines = [
        ("critical", hparams.grad_norm_critical, _BAD),
        ("warning", hparams.grad_norm_warning, "tab:orange"),
    ]
    if hparams.grad_clip == "norm":
        lines.append(("clipped to", hparams.grad_clip_thresh, "tab:green"))
    for label, height, color in lines:
        axes.axhline(
            height, color=color, linestyle="--", linewidth=1.0, label=f"{label} {height:g}"
        )
    return [height for _, height, _ in lines]


def _skipped(axes: Axes, steps: Sequence[Mapping[str, float]]) -> None:
    for index, lost in enumerate(step["step"] for step in steps if step.get("skipped")):
        label = "skipped by the loss scaler" if index == 0 else None
        axes.axvline(lost, color="tab:gray", alpha=0.4, label=label)


def _alignment(axes: Axes, alignment: NDArray[np.float32]) -> None:
    image = axes.imshow(
        np.ma.masked_invalid(alignment.T), aspect="auto", origin="lower", vmin=0.0, vmax=1.0
    )
    _colours(image, "magma")
    axes.set_title(f"attention, {_extremes(alignment)}", fontsize=9)
    axes.set(xlabel="decoder step", ylabel="token")


def _mel(axes: Axes, mel: NDArray[np.float32], title: str) -> None:
    image = axes.imshow(
        np.ma.masked_invalid(mel), aspect="auto", origin="lower", vmin=SILENCE, vmax=_LOUD
    )
    _colours(image, "viridis")
    axes.set_title(f"{title}, {_extremes(mel)}", fontsize=9)
    axes.set(xlabel="frame", ylabel="mel bin")


def _colours(image: AxesImage, name: str) -> None:
    image.set_cmap(matplotlib.colormaps[name].with_extremes(bad=_BAD))


def _extremes(values: NDArray[np.float32]) -> str:
    finite = values[np.isfinite(values)]
    lost = values.size - finite.size
    if not finite.size:
        return "nothing finite"
    seen = f"{finite.min():.3g} to {finite.max():.3g}"
    return f"{seen}, {lost} not finite" if lost else seen
