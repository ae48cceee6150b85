import subprocess
from collections.abc import Callable
from typing import Any

import click
import pytest

from smart_tuner.cli.lazy_group import LazyGroup
from smart_tuner.cli.program import program

COMMANDS = {
    "start study", "start dashboard", "start bot", "start mlflow", "status", "studies",
    "trials", "best", "show", "logs", "synthesize", "delete",
    "corpus demo", "corpus check", "components", "init", "mlflow sync",
    "storage backup", "storage restore", "storage upgrade", "storage prune",
    "pause", "resume", "stop", "prune", "set", "enqueue", "commands", "doctor", "report",
}  # fmt: skip
HEAVY = {"optuna", "sqlalchemy", "pydantic", "rich", "matplotlib", "numpy", "torch", "yaml"}


def _walk(group: LazyGroup, path: str = "") -> dict[str, tuple[str, click.Command]]:
    """Every command below ``group`` with the help that was registered for it."""
    context, found = click.Context(group), {}
    for name, entry in group.lazy.items():
        command = group.get_command(context, name)
        assert command is not None
        found[f"{path}{name}"] = (entry.help, command)
        if isinstance(command, LazyGroup):
            found |= _walk(command, f"{path}{name} ")
    return found


def test_there_are_all_commands() -> None:
    assert isinstance(program, LazyGroup)
    groups = {"start", "corpus", "storage", "mlflow"}
    assert {name for name, _ in _walk(program).items()} == COMMANDS | groups


def test_the_listing_says_what_the_commands_say_themselves() -> None:
    assert isinstance(program, LazyGroup)
    for name, (registered, command) in _walk(program).items():
        assert command.name == name.split()[-1]
        assert command.help is not None
        assert command.help.splitlines()[0] == registered, name


@pytest.mark.parametrize("path", [[], *(name.split() for name in sorted(COMMANDS)), ["corpus"]])
def test_every_help_answers(path: list[str], cli: Callable[..., Any]) -> None:
    said = cli(*path, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: {' '.join(['smart-tuner', *path])}")


@pytest.mark.parametrize("arguments", [["--help"], ["start", "--help"], ["storage", "-h"]])
def test_a_listing_loads_nothing_heavy(
    arguments: list[str], python: Callable[..., subprocess.Popen[bytes]]
) -> None:
    code = (
        "import sys; from smart_tuner.cli import main; assert main(sys.argv[1:]) == 0;"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    out, err = python("-c", code, *arguments).communicate(timeout=60)
    assert out.decode().splitlines()[-1] == "[]", err.decode()


def test_without_a_command_the_help_comes_and_the_code_says_so(cli: Callable[..., Any]) -> None:
    said = cli()
    assert (said.code, said.out) == (2, "")
    assert "Commands:" in said.err


def test_version(cli: Callable[..., Any]) -> None:
    assert cli("--version").out.startswith("smart-tuner, version 0.")


def test_as_a_module(python: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = python("-m", "smart_tuner.cli", "nonsense")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith(b"error: no such command 'nonsense'. There are: start, status,")
