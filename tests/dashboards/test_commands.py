from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboards.commands import command_text, commands_table
from storage.records import CommandRecord, CommandState

Render = Callable[..., str]


def command(kind: str, number: int | None = None, **arguments: Any) -> CommandRecord:
    return CommandRecord(
        id=1,
        study="demo",
        kind=kind,
        number=number,
        arguments=arguments,
        requested_by="anna",
        source="cli on host",
        requested_at=datetime(2026, 1, 2, 12, tzinfo=UTC),
        state=CommandState.DONE,
        answered_at=None,
        answer="as you like [it]",
    )


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (command("pause"), "pause"),
        (command("prune", 3), "prune trial 3"),
        (command("set", trials=80, timeout=None), "set trials=80 timeout=none"),
        (command("set", timeout=7200.0), "set timeout=7200"),
        (command("enqueue", params={"a": 0.0012345, "b": "ru"}), "enqueue a=0.0012345 b=ru"),
    ],
)
def test_as_a_person_would_say_it(asked: CommandRecord, text: str) -> None:
    assert command_text(asked) == text


def test_the_table_tells_all_of_it(render: Render) -> None:
    text = render(commands_table([command("pause")]), width=110)
    moment = f"{datetime(2026, 1, 2, 12, tzinfo=UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    for words in (moment, "anna", "cli on host", "pause", "done", "as you like [it]"):
        assert words in text


def test_a_narrow_one_folds_what_is_long(render: Render) -> None:
    text = render(commands_table([command("enqueue", params={"x" * 60: 1})]))
    assert text.count("x") >= 60


def test_none(render: Render) -> None:
    assert render(commands_table([])) == "Nothing was asked for yet.\n"
