"""The gradient stability monitor: how high the gradient norm is, and whether it has exploded."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trainer.hparams.stability import StabilityHParams


class Level(StrEnum):
    """How high a gradient norm is, in rising order."""

    CALM = "calm"
    WARNING = "warning"
    CRITICAL = "critical"


_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True)
class Observation:
    """What one step's gradient norm means."""

    level: Level = Level.CALM
    """Always calm before ``grad_norm_settle_steps``."""
    announce: bool = False
    """Whether this level is news: higher than in all of the window before."""
    exploded: bool = False
    threshold: float | None = None
    """The one that the level is above; None when calm."""


class GradientMonitor:
    """Judges gradient norms, before clipping, step by step (METRICS, "Rules and thresholds").

    The window is the last ``explosion_window`` steps. A level is announced when it is higher than
    any in the window before, so a norm that stays high, or trembles about a threshold, is
    announced once. An explosion is ``explosion_steps`` norms above ``grad_norm_critical`` in the
    window; it needs no settling. Steps that the loss scaler skipped don't count: their norm says
    what fp16 can hold, nothing about the training.

    Switched off (``gradient_monitor: false``), it finds everything calm: no warning and no
    explosion, so that a rescue answers to values that are not finite only.
    """

    def __init__(self, hparams: StabilityHParams) -> None:
        self._hparams = hparams
        self._critical: deque[bool] = deque(maxlen=hparams.explosion_window)
        self._ranks: deque[int] = deque(maxlen=hparams.explosion_window)

    def observe(self, step: int, norm: float, skipped: bool = False) -> Observation:
        """Judge one step.

        Args:
            step: its number, counted from 1 as in events.
            norm: L2 norm of the whole gradient before clipping; NaN counts as above all.
            skipped: whether the loss scaler left the step out.
        """
        hparams = self._hparams
        if skipped or not hparams.gradient_monitor:
            return Observation()
        # Written so that NaN, which compares to nothing, is critical.
        critical = not norm <= hparams.grad_norm_critical
        self._critical.append(critical)
        level, threshold = self._level(step, norm, critical)
        news = _RANKS[level] > max(self._ranks, default=0)
        self._ranks.append(_RANKS[level])
        exploded = sum(self._critical) >= hparams.explosion_steps
        return Observation(level, news, exploded, threshold)

    def _level(self, step: int, norm: float, critical: bool) -> tuple[Level, float | None]:
        hparams = self._hparams
        if step < hparams.grad_norm_settle_steps:
            return Level.CALM, None
        if critical:
            return Level.CRITICAL, hparams.grad_norm_critical
        if norm > hparams.grad_norm_warning:
            return Level.WARNING, hparams.grad_norm_warning
        return Level.CALM, None

    @property
    def recent_calm(self) -> bool:
        """No norm in the window was above ``grad_norm_critical``, settled or not.

        A checkpoint counts as good only then: going back to one that was written amid an
        explosion would rescue nothing.
        """
        return not (self._hparams.gradient_monitor and any(self._critical))

    def clear(self) -> None:
        """Forget the window: after a rescue, the weights that it spoke of are gone."""
        self._critical.clear()
        self._ranks.clear()

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"critical": list(self._critical), "ranks": list(self._ranks)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the monitor whose :meth:`state` this is."""
        self._critical = deque(state["critical"], maxlen=self._hparams.explosion_window)
        self._ranks = deque(state["ranks"], maxlen=self._hparams.explosion_window)
