"""The rescue's count: how often in a row training may go back to a good checkpoint."""

from typing import Any

from trainer.hparams.stability import StabilityHParams


class Rescue:
    """Counts failures, and says whether one more may be rescued.

    Failures are in a row while no good checkpoint lies beyond the furthest of them: going back and
    getting just as far again is no progress. ``max_restarts`` in a row are rescued; with
    ``rescue: false`` none.
    """

    def __init__(self, hparams: StabilityHParams) -> None:
        self._hparams = hparams
        self._restarts = 0
        self._total = 0
        self._furthest = 0  # step of the row's failures; 0 where there is no row

    @property
    def restarts(self) -> int:
        """Rescues in the present row."""
        return self._restarts

    @property
    def total(self) -> int:
        """Rescues of the whole run."""
        return self._total

    def failed(self, step: int) -> bool:
        """Training failed at ``step``: whether it may go back, which is then counted."""
        if not self._hparams.rescue or self._restarts >= self._hparams.max_restarts:
            return False
        self._restarts += 1
        self._total += 1
        self._furthest = max(self._furthest, step)
        return True

    def progressed(self, step: int) -> None:
        """A good checkpoint of ``step`` was made: beyond the furthest failure, the row ends."""
        if step > self._furthest:
            self._restarts = 0
            self._furthest = 0

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"restarts": self._restarts, "total": self._total, "furthest": self._furthest}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the rescue whose :meth:`state` this is."""
        self._restarts = state["restarts"]
        self._total = state["total"]
        self._furthest = state["furthest"]
