from io import StringIO

import pytest
from rich.console import Console

from smart_tuner.sinks.console import ConsoleSink
from storage.clock import utc_now
from storage.records import ProgressRecord, StudyState, StudyStatus, TrialCounts, TrialRecord


def status(step: int) -> StudyStatus:
    running = ProgressRecord(study="s", number=4, step=step, steps=500, quality=0.42)
    return StudyStatus(
        study="s",
        state=StudyState.RUNNING,
        counts=TrialCounts(running=1),
        best=None,
        running=(running,),
        eta_seconds=600.0,
        trials_target=5,
        trials_ended=0,
        heartbeat_age_seconds=0.0,
        created_at=utc_now(),
    )


TRIALS = [TrialRecord(study="s", number=4)]


def sink(*, terminal: bool = False, enabled: bool = True) -> tuple[ConsoleSink, StringIO]:
    output = StringIO()
    console = Console(file=output, width=100, force_terminal=terminal, color_system=None)
    return ConsoleSink(console, enabled), output


def test_lines_are_said_as_they_are() -> None:
    console, output = sink()
    console.say("trial 0 [bold] starts: learning_rate=0.006, " + "x" * 100)
    assert output.getvalue() == f"trial 0 [bold] starts: learning_rate=0.006, {'x' * 100}\n"


def test_where_nobody_watches_a_line_comes_every_half_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("smart_tuner.sinks.console.time.monotonic", lambda: now)
    console, output = sink()
    with console.open():
        for now in (0.0, 10.0, 29.0, 30.0, 31.0, 59.0, 61.0):
            console.update(status(step=int(now)), TRIALS)
    assert output.getvalue().splitlines() == [
        "trial 4 at step 30 (quality 0.42); about 10 min left",
        "trial 4 at step 61 (quality 0.42); about 10 min left",
    ]


def test_a_terminal_gets_a_live_table() -> None:
    console, output = sink(terminal=True)
    with console.open():
        console.update(status(step=77), TRIALS)
        console.say("trial 3 complete")
    text = output.getvalue()
    assert "77/500" in text
    assert "trial 3 complete" in text


def test_switched_off_it_says_nothing() -> None:
    for terminal in (True, False):
        console, output = sink(terminal=terminal, enabled=False)
        with console.open():
            console.say("word")
            console.update(status(step=77), TRIALS)
        assert output.getvalue() == ""
