"""What commands print: JSON for programs, and a bar for work that takes a while."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print ``value`` as JSON on standard output; its floats must be finite."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent))


class OutputConsole(Console):
    """Standard output with colours; a closed pipe is the edge's affair, not a reason to exit."""

    def __init__(self) -> None:
        super().__init__(emoji=False)  # `:x:` in a text or a name is the user's own

    def on_broken_pipe(self) -> None:
        """Pass it on."""
        raise BrokenPipeError


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while the block runs; call what it yields with done and total."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
