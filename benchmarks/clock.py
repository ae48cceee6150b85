"""What time is measured by: the CPU's where one thread computes, else the wall's."""

import time
from dataclasses import dataclass
from typing import Literal

import torch

Kind = Literal["CPU", "wall"]


@dataclass(frozen=True)
class Clock:
    """``CPU`` counts what this process computed, and so forgives a busy machine."""

    kind: Kind
    device: torch.device

    @classmethod
    def suitable(cls, device: torch.device, threads: int) -> "Clock":
        """CPU time for one thread; with several, or a GPU, what a person waits for."""
        return cls("CPU" if device.type == "cpu" and threads == 1 else "wall", device)

    def now(self) -> float:
        """Seconds since some moment, once the device has done all it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.process_time() if self.kind == "CPU" else time.perf_counter()
