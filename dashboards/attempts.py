"""The attempts of a trial: every trainer process that worked on it."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from dashboards.formatting import NOTHING, moment
from dashboards.tables import params_text, plain_table
from storage.records import AttemptRecord


def attempts_table(attempts: Sequence[AttemptRecord]) -> RenderableType:
    """Where each ran, from when, over which steps, how it ended, and what it had to change."""
    table = plain_table("attempt")
    table.add_column("host", overflow="fold")
    table.add_column("began", no_wrap=True)
    for name in ("steps", "exit"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("end", overflow="fold", min_width=18)
    for attempt in attempts:
        table.add_row(*_cells(attempt))
    return table


def _cells(attempt: AttemptRecord) -> list[Text]:
    texts = (
        str(attempt.attempt),
        attempt.host,
        moment(attempt.began_at),
        f"{_number(attempt.first_step)}–{_number(attempt.last_step)}",
        _number(attempt.exit_code),
        attempt.cause or ("runs" if attempt.ended_at is None else NOTHING),
    )
    *cells, end = map(Text, texts)
    if attempt.overrides:
        end.append("\n").append_text(params_text(attempt.overrides))
    return [*cells, end]


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)
