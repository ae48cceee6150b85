"""The smart learning-rate adapter: a factor on the schedule's rate, and why it changes."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trainer.hparams.stability import StabilityHParams

_ROUNDING = 1e-9


class Cause(StrEnum):
    """Why the factor changed."""

    PLATEAU = "plateau"
    INSTABILITY = "instability"
    RESCUE = "rescue"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Adaptation:
    """One change of the factor."""

    step: int
    factor: float
    """From here on."""
    cause: Cause


class LearningRateAdapter:
    """Effective rate = schedule(step) times :attr:`factor`.

    The factor is a product of two parts. The *plateau* part falls by ``lr_adapter_factor``
    whenever the validation loss has not improved for long, for good. The *stability* part is a
    pile of lowerings: one for each excursion of the gradient norm above critical
    (``lr_adapter_factor``) and one for each rescue (``rescue_factor``); after
    ``lr_recovery_steps`` steps without a critical one the newest is taken off the pile. The
    factor never falls below ``lr_adapter_floor``; where it is there, nothing is lowered.

    With ``lr_adapter: false`` only rescues change the factor, for good: a rescue that went on at
    the same rate would meet the same end.
    """

    def __init__(self, hparams: StabilityHParams) -> None:
        self._hparams = hparams
        self._plateau = 1.0
        self._pile: list[float] = []
        self._calm = 0  # steps since the last critical one
        self._in_excursion = False
        self._lowered = False  # by this excursion: the newest of the pile
        self._recovering = 0  # steps since the last critical one, lowering or recovery
        self._best = math.inf  # validation loss
        self._waiting_since = 0  # the step of the best loss, of a lowering, or of a rescue
        self._waited_evaluations = 0

    @property
    def factor(self) -> float:
        """In ``[lr_adapter_floor, 1]``."""
        return max(self._plateau * math.prod(self._pile), self._hparams.lr_adapter_floor)

    def after_step(self, step: int, critical: bool) -> list[Adaptation]:
        """After a step that was not skipped; ``critical``: its norm was, once settled.

        The first critical step lowers the rate. The excursion that it begins ends with
        ``explosion_window`` steps in a row that are not critical; only then may the next begin.
        """
        if not self._hparams.lr_adapter:
            return []
        if critical:
            return self._unstable(step)
        self._calm += 1
        self._recovering += 1
        if self._calm >= self._hparams.explosion_window:
            self._in_excursion = self._lowered = False
        return self._recovered(step)

    def _unstable(self, step: int) -> list[Adaptation]:
        self._calm = self._recovering = 0
        if self._in_excursion:
            return []
        self._in_excursion = True
        adaptations = self._pile_up(step, self._hparams.lr_adapter_factor, Cause.INSTABILITY)
        self._lowered = bool(adaptations)
        return adaptations

    def _recovered(self, step: int) -> list[Adaptation]:
        if not self._pile or self._recovering < self._hparams.lr_recovery_steps:
            return []
        self._recovering = 0
        self._lowered = False
        self._pile.pop()
        return [Adaptation(step, self.factor, Cause.RECOVERY)]

    def after_evaluation(self, step: int, validation_loss: float) -> list[Adaptation]:
        """After a validation: the plateau rule of METRICS. A loss not finite is no improvement."""
        hparams = self._hparams
        if not hparams.lr_adapter:
            return []
        if self._improves(validation_loss):
            self._best = validation_loss
            self._wait_from(step)
            return []
        self._waited_evaluations += 1
        if (
            step - self._waiting_since < hparams.lr_plateau_steps
            or self._waited_evaluations < hparams.lr_plateau_evaluations
        ):
            return []
        self._wait_from(step)
        share = self._possible(hparams.lr_adapter_factor)
        self._plateau *= share
        return [Adaptation(step, self.factor, Cause.PLATEAU)] if share < 1.0 else []

    def after_rescue(self, step: int) -> list[Adaptation]:
        """After a rescue that went back to ``step``; with the adapter switched off, too.

        One failure, one lowering: the rescue's takes the place of the one for the excursion that
        led to it, whose steps are undone. The next excursion begins after a calm stretch, and the
        wait for a better validation loss begins anew.
        """
        if self._lowered:
            self._pile.pop()
        self._in_excursion, self._lowered = True, False
        self._calm = self._recovering = 0
        self._wait_from(step)
        return self._pile_up(step, self._hparams.rescue_factor, Cause.RESCUE)

    def _pile_up(self, step: int, factor: float, cause: Cause) -> list[Adaptation]:
        share = self._possible(factor)
        if share == 1.0:
            return []
        self._pile.append(share)
        return [Adaptation(step, self.factor, cause)]

    def _possible(self, factor: float) -> float:
        """``factor``, or the larger one that leads to the floor; 1 where that is reached."""
        to_floor = self._hparams.lr_adapter_floor / self.factor
        return 1.0 if to_floor > 1.0 - _ROUNDING else max(factor, to_floor)

    def _improves(self, loss: float) -> bool:
        if not math.isfinite(loss):
            return False
        if math.isinf(self._best):
            return True
        return loss < self._best - self._hparams.lr_plateau_improvement * abs(self._best)

    def _wait_from(self, step: int) -> None:
        self._waiting_since, self._waited_evaluations = step, 0

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "plateau": self._plateau,
            "pile": list(self._pile),
            "calm": self._calm,
            "in_excursion": self._in_excursion,
            "lowered": self._lowered,
            "recovering": self._recovering,
            "best": self._best if math.isfinite(self._best) else None,
            "waiting_since": self._waiting_since,
            "waited_evaluations": self._waited_evaluations,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the adapter whose :meth:`state` this is."""
        self._plateau, self._pile = state["plateau"], list(state["pile"])
        self._calm, self._in_excursion = state["calm"], state["in_excursion"]
        self._lowered = state["lowered"]
        self._recovering = state["recovering"]
        self._best = math.inf if state["best"] is None else state["best"]
        self._waiting_since = state["waiting_since"]
        self._waited_evaluations = state["waited_evaluations"]
