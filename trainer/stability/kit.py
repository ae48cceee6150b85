"""The stability kit as one: what it remembers goes into the checkpoint."""

from collections.abc import Mapping
from typing import Any

from trainer.hparams import HParams
from trainer.stability.clipper import GradientClipper
from trainer.stability.lr_adapter import Adaptation, LearningRateAdapter
from trainer.stability.monitor import GradientMonitor
from trainer.stability.rescue import Rescue


class StabilityKit:
    """Clipper, monitor, learning-rate adapter and rescue of one run."""

    def __init__(self, hparams: HParams) -> None:
        self.clipper = GradientClipper(hparams)
        self.monitor = GradientMonitor(hparams)
        self.adapter = LearningRateAdapter(hparams)
        self.rescue = Rescue(hparams)

    def state(self) -> dict[str, Any]:
        """What every part remembers."""
        return {name: part.state() for name, part in vars(self).items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state`."""
        for name, part in vars(self).items():
            part.restore(state[name])

    def go_back(self, state: Mapping[str, Any], step: int) -> list[Adaptation]:
        """A rescue went back to ``step``: adapter and rescue remember it, the rest forgets."""
        self.clipper.restore(state["clipper"])
        self.monitor.clear()
        return self.adapter.after_rescue(step)
