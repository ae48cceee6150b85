"""The picture of one validation: where attention was, and what was spoken."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from trainer.audio import SILENCE
from trainer.paths import atomic_path
from trainer.validation import HeldOut, Result

_INDEX = 0  # always the same held-out sentence, so that pictures compare
_TITLE_CHARACTERS = 90
_EMPTY = np.zeros((1, 1))


_SCORES = {
    "quality": "quality", "diagonal": "alignment.diagonal_score",
    "retrieval": "free_run.retrieval_rate", "success": "free_run.success_rate",
}  # fmt: skip


def draw_validation(path: Path, result: Result, held_out: HeldOut, step: int) -> None:
    """Draw both alignments above both mels of the first held-out sentence to ``path`` (PNG)."""
    sheet = _sheet()
    text = held_out.dataset.held_out[_INDEX].utterance.text
    scores = "   ".join(
        f"{word} {result.metrics[name]:.2f}" for word, name in _SCORES.items()
        if name in result.metrics
    )  # fmt: skip
    title = f"step {step}   {scores}\n{text[:_TITLE_CHARACTERS]}"
    sheet.figure.suptitle(title, fontsize=10, parse_math=False)  # a text may hold dollars
    _show(sheet.forced, result.forced.alignments[_INDEX].T)
    _show(sheet.free, result.spoken.alignments[_INDEX].T)
    _show(sheet.recording, held_out.mels[_INDEX])
    _show(sheet.speech, result.spoken.mels[_INDEX])
    with atomic_path(path) as temporary:
        sheet.figure.savefig(temporary, format="png", pil_kwargs={"compress_level": 1})


@dataclass(frozen=True)
class _Sheet:
    """The empty picture."""

    figure: Figure
    forced: AxesImage
    free: AxesImage
    recording: AxesImage
    speech: AxesImage


@cache
def _sheet() -> _Sheet:
    """Made once, and filled for each picture: axes and ticks take longer than what they frame."""
    figure = Figure(figsize=(10, 6.4), dpi=80)
    FigureCanvasAgg(figure)
    # Fixed margins: a layout engine would take longer than the drawing itself.
    figure.subplots_adjust(0.06, 0.08, 0.985, 0.86, wspace=0.14, hspace=0.38)
    forced, recording, free, speech = figure.subplots(2, 2).T.flat
    return _Sheet(
        figure,
        _alignment(forced, "attention, teacher-forced"),
        _alignment(free, "attention, free-running"),
        _mel(recording, "recording"),
        _mel(speech, "free-running speech"),
    )


def _alignment(axes: Axes, title: str) -> AxesImage:
    axes.set(title=title, xlabel="decoder step", ylabel="token")
    return axes.imshow(_EMPTY, aspect="auto", origin="lower", vmin=0.0, vmax=1.0, cmap="magma")


def _mel(axes: Axes, title: str) -> AxesImage:
    axes.set(title=title, xlabel="frame", ylabel="mel bin")
    return axes.imshow(
        _EMPTY, aspect="auto", origin="lower", vmin=SILENCE, vmax=2.0, cmap="viridis"
    )


def _show(image: AxesImage, values: NDArray[np.floating]) -> None:
    """[rows, columns], the first row at the bottom; axes end where the picture does."""
    rows, columns = values.shape
    image.set_data(values)
    image.set_extent((-0.5, columns - 0.5, -0.5, rows - 0.5))
