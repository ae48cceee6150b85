"""All chosen cases measured, with a bar that says which, and how long it will take."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks import units
from benchmarks.against import REPLACED
from benchmarks.cases import Case
from benchmarks.environment import Environment
from benchmarks.report import Report
from benchmarks.rows import Row
from benchmarks.setting import Setting
from benchmarks.timing import Series, interleaved


def measure(cases: Sequence[Case], setting: Setting, repeats: int, console: Console) -> Report:
    """Measure ``cases`` one after the other; each row is said as soon as it is known."""
    rows: list[Row] = []
    series: dict[str, Sequence[Series]] = {}
    total = sum(case.cost * case.runs(repeats) for case in cases)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        for case in cases:
            progress.update(task, description=case.name)
            contestants = case.contestants(setting)
            share = case.cost / len(contestants)
            series[case.name] = interleaved(
                contestants,
                case.repeats(repeats),
                warm_up=case.warm_up,
                ran=lambda share=share: progress.advance(task, share),  # type: ignore[misc]
            )
            for row in case.rows(series[case.name]):
                console.print(f"{row.title}: {units.verdict(row)}", markup=False, highlight=False)
                rows.append(row)
    notes = dict.fromkeys(case.note for case in cases if case.note)
    if setting.checkout:
        notes[f"NVIDIA/tacotron2: {REPLACED}."] = None
    return Report(Environment.of(setting), repeats, tuple(rows), series, tuple(notes))
