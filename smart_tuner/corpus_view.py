"""A corpus check for people: a table with what to fix, and a picture."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from trainer.corpus import CheckLimits, CorpusReport, Finding, UtteranceRow
from trainer.paths import atomic_path

_BLUE = "#3b6ea5"
_RED = "#c8452c"
_ORANGE = "#e08e1b"
_GREY = "#888888"
_SHOWN_IDS = 5
_SHOWN_MARKS = 8
_LANGUAGES = {"en": "English", "ru": "Russian"}
_STYLES = {"error": "bold red", "warning": "yellow"}


def print_report(report: CorpusReport, console: Console) -> None:
    """Print what the corpus is, what was found in it, and how to mend that."""
    console.print(_summary(report))
    for finding in report.findings:
        _print_finding(finding, console)
    console.print(_verdict(len(report.errors), len(report.findings) - len(report.errors)))


def _verdict(n_errors: int, n_warnings: int) -> str:
    warnings = _count(n_warnings, "warning")
    if n_errors:
        return f"[bold red]Fix {_count(n_errors, 'error')} first[/], then see {warnings}."
    if n_warnings:
        return f"[bold green]Ready to train[/], with {warnings}."
    return "[bold green]Ready to train[/]: nothing to fix."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _summary(report: CorpusReport) -> Table:
    table = Table(title=f"Corpus {escape(str(report.path))}", title_justify="left")
    table.add_column("")
    for heading in ("smallest", "median", "largest"):
        table.add_column(heading, justify="right")
    table.add_row("language", "", _LANGUAGES[report.language], "")
    table.add_row(
        "utterances (readable of listed)", "", f"{len(report.rows)} / {report.n_listed}", ""
    )
    table.add_row("hours", "", f"{report.hours:.2f}", "", end_section=True)
    for name, value, form in _QUANTITIES:
        table.add_row(name, *_spread([value(row) for row in report.rows], form))
    return table


_QUANTITIES: tuple[tuple[str, Callable[[UtteranceRow], float], str], ...] = (
    ("duration, s", lambda row: row.duration_s, "{:.2f}"),
    ("characters", lambda row: row.n_characters, "{:.0f}"),
    ("characters a second", lambda row: row.characters_per_second, "{:.1f}"),
    ("silence before, s", lambda row: row.leading_silence_s, "{:.2f}"),
    ("silence after, s", lambda row: row.trailing_silence_s, "{:.2f}"),
    ("peak, dB", lambda row: row.peak_db, "{:.1f}"),
    ("clipped samples, %", lambda row: 100 * row.clipping_share, "{:.3f}"),
    ("sampling rate, Hz", lambda row: row.sampling_rate, "{:.0f}"),
)


def _spread(values: Sequence[float], form: str) -> tuple[str, str, str]:
    """Smallest, median and largest as text; dashes where there is nothing."""
    if not values:
        return "–", "–", "–"
    spread = (min(values), statistics.median(values), max(values))
    low, middle, high = (form.format(value) for value in spread)
    return low, middle, high


def _print_finding(finding: Finding, console: Console) -> None:
    style = _STYLES[finding.severity]
    console.print(f"[{style}]{finding.severity}[/] {escape(finding.message)}", highlight=False)
    console.print(f"  fix: {escape(finding.remedy)}", highlight=False)
    if len(finding.ids) > 1:
        more = len(finding.ids) - _SHOWN_IDS
        tail = f" and {more} more" if more > 0 else ""
        listed = escape(", ".join(finding.ids[:_SHOWN_IDS]))
        console.print(f"  [dim]{listed}{tail}[/]", highlight=False)


def draw_report(report: CorpusReport, png: Path) -> None:
    """Draw durations, texts against durations, edge silence and speaking rates into ``png``."""
    figure = Figure(figsize=(12, 8), layout="constrained")
    FigureCanvasAgg(figure)  # attaches itself: no display, no pyplot
    ((durations, texts), (edges, rates)) = figure.subplots(2, 2)
    outliers, silent = report.ids_with("speaking_rate"), report.ids_with("silent")
    audible = [row for row in report.rows if row.id not in silent]
    _draw_durations(durations, report.rows, report.limits)
    _draw_texts(texts, audible, outliers, report.ids_with("clipping"))
    _draw_edges(edges, audible, report.limits)
    _draw_rates(rates, audible, outliers)
    figure.suptitle(
        f"{report.path.resolve().name}: {len(report.rows)} of {report.n_listed} recordings "
        f"readable, {len(silent)} of them silent, {report.hours:.2f} h"
    )
    with atomic_path(png) as temporary:
        figure.savefig(temporary, format="png")


def _draw_durations(axes: Axes, rows: Sequence[UtteranceRow], limits: CheckLimits) -> None:
    values = [row.duration_s for row in rows]
    _histogram(axes, values, "Durations", "seconds")
    _mark_limits(axes, values, (limits.min_duration_s, limits.max_duration_s))


def _draw_texts(
    axes: Axes, rows: Sequence[UtteranceRow], outliers: frozenset[str], clipped: frozenset[str]
) -> None:
    """A cloud along one line is healthy: recordings off it lack words or have others."""
    odd = [row for row in rows if row.id in outliers]
    _scatter(axes, rows, "recordings", color=_BLUE, s=12, alpha=0.5)
    clips = [row for row in rows if row.id in clipped]
    _scatter(axes, clips, "clipped", edgecolor=_ORANGE, facecolor="none", marker="s", s=40)
    _scatter(axes, odd, "unusual speaking rate", color=_RED, s=36)
    for row in odd[:_SHOWN_MARKS]:
        axes.annotate(
            row.id,
            (row.n_characters, row.duration_s),
            xytext=(5, 3),
            textcoords="offset points",
            fontsize=7,
            color=_RED,
        )
    axes.set(title="Text and duration", xlabel="characters", ylabel="seconds")


def _scatter(axes: Axes, rows: Sequence[UtteranceRow], label: str, **style: Any) -> None:
    if rows:
        characters = [row.n_characters for row in rows]
        durations = [row.duration_s for row in rows]
        axes.scatter(characters, durations, label=f"{label}: {len(rows)}", **style)
        axes.legend(fontsize=8)


def _draw_edges(axes: Axes, rows: Sequence[UtteranceRow], limits: CheckLimits) -> None:
    before = [row.leading_silence_s for row in rows]
    after = [row.trailing_silence_s for row in rows]
    limit_s = limits.max_edge_silence_s
    if rows:
        span = (0.0, max(*before, *after, limit_s) * 1.05)
        axes.hist(
            [before, after], bins=30, range=span, color=[_BLUE, _GREY], label=["before", "after"]
        )
    axes.axvline(limit_s, color=_RED, linestyle="--", linewidth=1, label="too long from here")
    axes.legend(fontsize=8)
    axes.set(title="Silence at the edges", xlabel="seconds")
    _count_utterances(axes)


def _draw_rates(axes: Axes, rows: Sequence[UtteranceRow], outliers: frozenset[str]) -> None:
    values = [row.characters_per_second for row in rows]
    _histogram(axes, values, "Speaking rate", "characters a second")
    for row in rows:
        if row.id in outliers:
            axes.axvline(row.characters_per_second, color=_RED, linewidth=0.8)


def _histogram(axes: Axes, values: Sequence[float], title: str, label: str) -> None:
    if values:
        axes.hist(values, bins=30, color=_BLUE)
    axes.set(title=title, xlabel=label)
    _count_utterances(axes)


def _count_utterances(axes: Axes) -> None:
    axes.set_ylabel("utterances")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _mark_limits(axes: Axes, values: Sequence[float], limits: Sequence[float]) -> None:
    """Dashed lines at the limits that the values come near; others would only squeeze them."""
    for limit in limits:
        if values and min(values) * 0.8 <= limit <= max(values) * 1.2:
            axes.axvline(limit, color=_RED, linestyle="--", linewidth=1)
