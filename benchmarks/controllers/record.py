"""What a contestant notes about itself while it runs: how long reports took, its memory."""

import gc
import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Self

import psutil


@dataclass
class Record:
    """Of one process."""

    report_seconds: list[float] = field(default_factory=list)
    """Of each report with the pruner's decision, by the wall."""
    memory: dict[int, int] = field(default_factory=dict)
    """Bytes of this process alone, by the number of trials that had ended."""
    ended: int = 0
    """Trials."""

    @contextmanager
    def report(self) -> Iterator[None]:
        """Time the report that the block makes."""
        began = time.perf_counter()
        yield
        self.report_seconds.append(time.perf_counter() - began)

    def trial_ended(self, marks: Collection[int]) -> None:
        """Count; look at the memory where the count is one of ``marks``."""
        self.ended += 1
        if self.ended in marks:
            gc.collect()
            self.memory[self.ended] = psutil.Process().memory_full_info().uss

    def to_json(self) -> str:
        """As the process prints it at its end."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What :meth:`to_json` printed."""
        fields = json.loads(text)
        return cls(**{**fields, "memory": {int(n): b for n, b in fields["memory"].items()}})
