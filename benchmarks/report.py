"""The result: a table in the terminal, the same as Markdown, everything as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.markup import escape
from rich.table import Table

from benchmarks import units
from benchmarks.environment import Environment
from benchmarks.rows import Row
from benchmarks.timing import Series
from trainer.paths import write_text

_COLUMNS = ("", "ours", "theirs", "", "ratio (least–most)")


@dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    environment: Environment
    repeats: int
    rows: tuple[Row, ...]
    series: Mapping[str, Sequence[Series]]
    """What was measured, by case."""
    notes: tuple[str, ...]

    def table(self) -> Table:
        """For the terminal."""
        table = Table(*_COLUMNS, box=box.SIMPLE_HEAD, caption=self.caption, caption_justify="left")
        for row in self.rows:
            for i, cells in enumerate(_lines(row)):
                table.add_row(*map(escape, cells), style="dim" if i else "")
        return table

    @property
    def caption(self) -> str:
        """Where and how it was measured."""
        e = self.environment
        device = "" if e.device == "CPU" else f"{e.device}, "
        return "\n".join((
            f"{device}{e.processor} ({e.instructions}), {e.threads} thread"
            f"{'' if e.threads == 1 else 's'}, torch {e.torch}, Python {e.python}, "
            f"commit {e.commit}, decoder_backend auto: {e.backend}.",
            f"{e.clock}, medians of {self.repeats} interleaved runs; the ratio is that of the "
            "runs pair by pair, against the fastest of the others.",
            *self.notes,
        ))  # fmt: skip

    def markdown(self) -> str:
        """The table for a page."""
        lines = ["| " + " | ".join(_COLUMNS) + " |", "|---|---:|---:|---|---:|"]
        lines += [f"| {' | '.join(cells)} |" for row in self.rows for cells in _lines(row)]
        return "\n".join((*lines, "", *self.caption.splitlines(), ""))

    def write(self, folder: Path) -> Path:
        """Write ``<date>-<machine>.json`` and ``.md``; the former is returned."""
        now = datetime.now(tz=UTC)
        quick = "-quick" if self.environment.quick else ""
        path = folder / f"{now:%Y-%m-%d}-{self.environment.slug}{quick}.json"
        values = {**asdict(self), "measured_at": now.isoformat(timespec="seconds")}
        write_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
        write_text(path.with_suffix(".md"), self.markdown())
        return path


def _lines(row: Row) -> list[tuple[str, ...]]:
    """The headline, and one for each of the others."""
    named = [row.title, units.quantity(row.ours, row.unit)]
    lines = []
    for against in row.against:
        theirs = units.quantity(against.value, row.unit)
        lines.append((*named, theirs, against.name, units.comparison(row, against)))
        named = ["", ""]
    return lines
