"""No password on the command line, where every user of the machine sees it."""

from collections.abc import Callable
from typing import Any

import click
import pytest

from smart_tuner.cli.lazy_group import LazyGroup
from smart_tuner.cli.program import program
from smart_tuner.exit_codes import TunerExit

LINE = (
    "error: --storage: a password on the command line can be read by every user of this machine "
    "(ps): put the URL into SMART_TUNER_STORAGE__URL, and leave --storage out\n"
)


def with_storage(group: LazyGroup, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in group.lazy:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, LazyGroup):
            found += with_storage(command, (*path, name))
        elif any("--storage" in parameter.opts for parameter in command.params):
            found.append((*path, name))
    return found


def test_every_command_that_has_the_option_refuses_a_password(cli: Callable[..., Any]) -> None:
    assert isinstance(program, LazyGroup)
    commands = with_storage(program)
    assert {("start", "study"), ("status",), ("pause",), ("delete",)} < set(commands)
    assert len(commands) >= 15
    for command in commands:
        said = cli("--debug", *command, "--storage", "postgresql://tuner:hush@host/studies")
        assert (said.code, said.out) == (TunerExit.BAD_INPUT, ""), command
        assert said.err.endswith(LINE)
        assert "hush" not in said.err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://tuner:h/us?h@host/studies",
        "postgresql+psycopg://host/studies?user=tuner&password=hush",
        "mysql+pymysql://host/d?passwd=hush",
        "postgresql://tuner:hush@host:port/studies",
    ],
)
def test_wherever_it_stands(url: str, cli: Callable[..., Any]) -> None:
    assert cli("status", "--storage", url) == (TunerExit.BAD_INPUT, "", LINE)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///smart_tuner.db",
        "sqlite:////tmp/a:b@c.db",
        "postgresql+psycopg://tuner@127.0.0.1:1/studies",
        "postgresql+psycopg://tuner:@127.0.0.1:1/studies?connect_timeout=1&passfile=/home/a/.pgpass",
        "what",
    ],
)
def test_what_holds_none_is_tried(url: str, cli: Callable[..., Any]) -> None:
    said = cli("studies", "--storage", url)
    assert said.code == TunerExit.BAD_INPUT  # there is no database
    assert "on the command line" not in said.err


def test_the_environment_may_hold_one(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMART_TUNER_STORAGE__URL", "postgresql://tuner:hush@127.0.0.1:1/studies")
    said = cli("status")
    assert "on the command line" not in said.err
    assert "tuner:***@127.0.0.1:1" in said.err
