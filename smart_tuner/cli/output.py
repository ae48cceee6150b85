"""What commands print: JSON for programs, and a bar or a spinner for what takes a while."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Print ``value`` as JSON on standard output; its floats must be finite."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent))


def print_json_list(items: Iterable[Any]) -> None:
    """Print a JSON list with an item on each line: ten thousand are written at once."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, allow_nan=False) for item in items)
    click.echo(f"[\n{lines}\n]" if lines else "[]")


class OutputConsole(Console):
    """Standard output with colours; a closed pipe is the edge's affair, not a reason to exit."""

    def __init__(self) -> None:
        super().__init__(emoji=False)  # `:x:` in a text or a name is the user's own

    def on_broken_pipe(self) -> None:
        """Pass it on."""
        raise BrokenPipeError


@contextmanager
def spinner(text: str) -> Iterator[Callable[[str], None]]:
    """A spinner with ``text`` on standard error while the block runs; call it with another one."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(Text(text)) as status:
        yield lambda words: status.update(Text(words))


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
