"""Consoles and records to draw."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from rich.console import Console, RenderableType

from storage.records import BestTrial, ProgressRecord, StudyState, StudyStatus, TrialCounts


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
