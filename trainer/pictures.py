"""The picture of one validation: where attention was, and what was spoken."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from trainer.audio import SILENCE
from trainer.paths import atomic_path
from trainer.validation import HeldOut, Result

_INDEX = 0  # always the same held-out sentence, so that pictures compare
_TITLE_CHARACTERS = 90


_SCORES = {
    "quality": "quality", "diagonal": "alignment.diagonal_score",
    "retrieval": "free_run.retrieval_rate", "success": "free_run.success_rate",
}  # fmt: skip


def draw_validation(path: Path, result: Result, held_out: HeldOut, step: int) -> None:
    """Draw both alignments above both mels of the first held-out sentence to ``path`` (PNG)."""
    figure = Figure(figsize=(10, 6.4), dpi=80)
    FigureCanvasAgg(figure)
    # Fixed margins: a layout engine would take longer than the drawing itself.
    figure.subplots_adjust(0.06, 0.08, 0.985, 0.86, wspace=0.14, hspace=0.38)
    forced, spoken, free, speech = figure.subplots(2, 2).T.flat
    text = held_out.dataset.held_out[_INDEX].utterance.text
    scores = "   ".join(
        f"{word} {result.metrics[name]:.2f}" for word, name in _SCORES.items()
        if name in result.metrics
    )  # fmt: skip
    title = f"step {step}   {scores}\n{text[:_TITLE_CHARACTERS]}"
    figure.suptitle(title, fontsize=10, parse_math=False)  # a text may hold dollars
    _alignment(forced, result.forced.alignments[_INDEX], "attention, teacher-forced")
    _alignment(free, result.spoken.alignments[_INDEX], "attention, free-running")
    _mel(spoken, held_out.mels[_INDEX], "recording")
    _mel(speech, result.spoken.mels[_INDEX], "free-running speech")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def _alignment(axes: Axes, alignment: NDArray[np.float64], title: str) -> None:
    axes.imshow(alignment.T, aspect="auto", origin="lower", vmin=0.0, vmax=1.0, cmap="magma")
    axes.set(title=title, xlabel="decoder step", ylabel="token")


def _mel(axes: Axes, mel: NDArray[np.float32], title: str) -> None:
    axes.imshow(mel, aspect="auto", origin="lower", vmin=SILENCE, vmax=2.0, cmap="viridis")
    axes.set(title=title, xlabel="frame", ylabel="mel bin")
