"""How far one sink is with one trial: a small file in its run directory."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from trainer.paths import write_text


@dataclass
class Bookmark:
    """Written after each delivery: a sink that was killed repeats at most that one."""

    store: str
    """Where the trial is sent to; another store gets everything from the beginning."""
    run_id: str = ""
    """Of MLflow."""
    generation: str = ""
    """Which file of events ``offset`` is of."""
    offset: int = 0
    """Bytes of the events that were delivered."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many events of each kind there were."""
    last: dict[str, str] = field(default_factory=dict)
    """The last event of each kind, in words."""
    settled: str = ""
    """The state that was told after the last event; empty while more is to come."""

    @classmethod
    def read(cls, path: Path, store: str) -> Self:
        """That of ``path``; a new one where there is none, or for another store."""
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            mark = cls(**values)
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return cls(store)
        return mark if mark.store == store else cls(store)

    def write(self, path: Path) -> None:
        """Keep it, whole or not at all."""
        write_text(path, json.dumps(asdict(self), ensure_ascii=False))
