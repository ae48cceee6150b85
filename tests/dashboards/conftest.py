"""Consoles and records to draw."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from rich.console import Console, RenderableType

from storage.attempts import Attempts
from storage.database import Database, open_database
from storage.events import Events
from storage.records import (
    AttemptRecord,
    BestTrial,
    EventRecord,
    ProgressRecord,
    StudyRecord,
    StudyState,
    StudyStatus,
    TrialCounts,
    TrialRecord,
    TrialState,
)
from storage.studies import Studies
from storage.trials import Trials


@pytest.fixture
def render() -> Callable[..., str]:
    """Draws without colours, 80 columns wide unless told, and checks that nothing is wider."""

    def draw(view: RenderableType, width: int = 80) -> str:
        file = io.StringIO()
        Console(file=file, width=width, color_system=None).print(view)
        text = file.getvalue()
        assert max(map(len, text.splitlines()), default=0) <= width
        return text

    return draw


@pytest.fixture
def status() -> StudyStatus:
    """A study of twelve trials in which two run."""
    running = (
        ProgressRecord(
            study="demo",
            number=5,
            step=12345,
            steps=20000,
            loss=3.21,
            gradient_norm=12.5,
            diagonal_score=0.914,
            quality=0.456,
            steps_per_second=7.25,
        ),
        ProgressRecord(study="demo", number=6),
    )
    return StudyStatus(
        study="demo",
        state=StudyState.RUNNING,
        counts=TrialCounts(running=2, complete=2, pruned=1, failed=1),
        best=BestTrial(number=3, value=0.8123),
        running=running,
        eta_seconds=3800.0,
        trials_target=12,
        trials_ended=3,
        heartbeat_age_seconds=2.0,
        created_at=datetime(2026, 1, 2, 12, tzinfo=UTC),
    )


BEGAN = datetime(2026, 1, 2, 12, tzinfo=UTC)
SPACE = {
    "learning_rate": {"type": "float", "low": 1e-3, "high": 1e-1, "log": True, "step": None},
    "attention_dim": {"type": "int", "low": 1, "high": 64, "log": False, "step": 1},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
}
CONFIG = {
    "trainer": {"steps": 500},
    "health": {
        "gradient_explosion": {"enabled": True, "norm": 20.0},
        "never_aligned": {"enabled": True, "diagonal_score": 0.3},
        "status": {
            "gradient_norm_warning": 10.0,
            "gradient_norm_critical": 100.0,
            "diagonal_score_critical": 0.1,
        },
        "success": {"diagonal_score": 0.7},
    },
}
IDENTITY = {
    "objective": ["quality"],
    "direction": "maximize",
    "space": SPACE,
    "steps": 500,
    "preset": "demo",
    "language": "en",
    "corpus": "0123456789abcdef",
}


@dataclass(frozen=True)
class Lab:
    """A database in which studies are made up."""

    database: Database
    folder: Path

    def study(self, name: str = "demo", **fields: Any) -> str:
        """A finished study of one objective, unless said otherwise."""
        record = {"state": StudyState.FINISHED, "identity": IDENTITY, "config": CONFIG} | fields
        Studies(self.database).create(StudyRecord(name=name, created_at=BEGAN, **record))
        return name

    def trial(self, number: int, study: str = "demo", seconds: float = 60.0, **fields: Any) -> None:
        """A trial that ran ``seconds`` and is complete, unless said otherwise; its attempt."""
        began = BEGAN + timedelta(seconds=100 * number)
        known = {"state": TrialState.COMPLETE, "step": 500, "started_at": began} | fields
        ended = began + timedelta(seconds=seconds) if known["state"].ended else None
        record = TrialRecord(study=study, number=number, **{"ended_at": ended, **known})
        Trials(self.database).insert(record)
        self.attempt(number, 1, study, seconds, first_step=0, last_step=record.step)

    def attempt(
        self, number: int, attempt: int, study: str = "demo", seconds: float = 60.0, **fields: Any
    ) -> None:
        """One more attempt of a trial."""
        began = BEGAN + timedelta(seconds=100 * number)
        ended = began + timedelta(seconds=seconds)
        Attempts(self.database).begin(
            AttemptRecord(
                study=study,
                number=number,
                attempt=attempt,
                controller="c",
                began_at=began,
                seen_at=ended,
                **{"host": "host", "ended_at": ended, "cause": "finished", **fields},
            )
        )

    def evaluation(self, number: int, step: int, study: str = "demo", **metrics: float) -> None:
        """An evaluation; ``diagonal`` and ``norm`` for short."""
        names = {"diagonal": "alignment.diagonal_score", "norm": "gradient.norm"}
        self.event("evaluation", number, step, study, {names[k]: v for k, v in metrics.items()})

    def event(
        self, kind: str, number: int | None, step: int | None, study: str, payload: dict[str, Any]
    ) -> None:
        """Any event."""
        event = EventRecord(study=study, kind=kind, number=number, step=step, payload=payload)
        Events(self.database).append([event])

    def wav(self, name: str = "speech.wav") -> str:
        """The path of a recording of half a second."""
        path = self.folder / name
        soundfile.write(path, np.zeros(11025, dtype=np.float32), 22050)
        return str(path)

    def png(self, name: str = "alignment.png") -> str:
        """The path of a picture of one grey point."""
        path = self.folder / name
        path.write_bytes(_png())
        return str(path)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_database(f"sqlite:///{tmp_path}/studies.db") as database:
        yield Lab(database, tmp_path)


def _png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\x00\x80")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
