"""What the terminal shows while a study runs: a live table, or lines where nobody watches."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from dashboards.formatting import duration
from dashboards.terminal import live_view
from storage.records import StudyStatus, TrialRecord

_LINE_SECONDS = 30.0


class ConsoleSink:
    """Shows the same reading of the study that ``smart-tuner status`` shows."""

    def __init__(self, console: Console, enabled: bool) -> None:
        self._console = console
        self._enabled = enabled
        self._live: Live | None = None
        self._next_line = time.monotonic() + _LINE_SECONDS

    @contextmanager
    def open(self) -> Iterator[None]:
        """Redraw in place as long as the block runs, where the console is a terminal."""
        if not (self._enabled and self._console.is_terminal):
            yield
            return
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield
        self._live = None

    def say(self, line: str, style: str = "") -> None:
        """One line that stays."""
        if self._enabled:
            self._console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)

    def progress(self, what: str, done: int, total: int) -> None:
        """How far some work before the first trial is: now and then a line."""
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_SECONDS
            self.say(f"{what}: {done} of {total}")

    def update(self, status: StudyStatus, trials: Sequence[TrialRecord]) -> None:
        """Show how the study stands."""
        if self._live is not None:
            self._live.update(live_view(status, trials), refresh=True)
        elif self._enabled and status.running and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_SECONDS
            self.say(_line(status))


def _line(status: StudyStatus) -> str:
    running = ", ".join(
        f"trial {p.number} at step {p.step}"
        + (f" (quality {p.quality:.2f})" if p.quality is not None else "")
        for p in status.running
    )
    left = f"; about {duration(status.eta_seconds)} left" if status.eta_seconds else ""
    return f"{running}{left}"
