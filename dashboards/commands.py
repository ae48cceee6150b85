"""The commands of a study: who asked for what, when, from where, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from dashboards.formatting import NOTHING, moment
from dashboards.states import command_state
from dashboards.tables import plain_table
from storage.records import CommandRecord


def commands_table(commands: Sequence[CommandRecord]) -> RenderableType:
    """Every command, in the order of ``commands``."""
    if not commands:
        return Text("Nothing was asked for yet.")
    table = plain_table("asked")
    for name in ("by", "from", "command"):
        table.add_column(name, overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("answer", overflow="fold")
    for command in commands:
        table.add_row(
            Text(moment(command.requested_at)),
            Text(command.requested_by),
            Text(command.source),
            Text(command_text(command)),
            command_state(command.state),
            Text(command.answer or NOTHING),
        )
    return table


def command_text(command: CommandRecord) -> str:
    """A command as a person would say it: ``prune trial 3``, ``set trials=80``."""
    words = [command.kind]
    if command.number is not None:
        words.append(f"trial {command.number}")
    return " ".join([*words, *_pairs(command.arguments)])


def _pairs(arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from _pairs(value)
        else:
            yield f"{name}={_value(value)}"


def _value(value: Any) -> str:
    """As a person would type it, to six digits."""
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None else str(value)
