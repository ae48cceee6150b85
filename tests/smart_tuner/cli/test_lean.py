"""What runs often starts fast: no command loads what it does not need."""

import json
import subprocess
from collections.abc import Callable, Sequence

import pytest

Python = Callable[..., "subprocess.Popen[bytes]"]

CALLS = """
import json, sys
from smart_tuner.cli import main

codes = [int(main(arguments)) for arguments in json.loads(sys.argv[1])]
print(codes, sorted(set(sys.argv[2:]) & set(sys.modules)))
"""
HEAVY = ("torch", "optuna", "matplotlib", "scipy")


def loaded(python: Python, calls: list[list[str]], heavy: Sequence[str] = HEAVY) -> str:
    """The exit codes of some calls in one fresh process, and what heavy things they loaded."""
    out, err = python("-c", CALLS, json.dumps(calls), *heavy).communicate(timeout=120)
    assert out, err.decode()
    return out.decode().splitlines()[-1]


@pytest.mark.usefixtures("study")
def test_readers_load_only_what_they_need(python: Python) -> None:
    calls = [
        ["status"],
        ["studies"],
        ["trials"],
        ["trials", "--json"],
        ["best"],
        ["show", "2"],
        ["logs", "2"],
        ["commands"],
    ]
    assert loaded(python, calls) == "[0, 0, 0, 0, 0, 0, 0, 0] []"


@pytest.mark.usefixtures("study")
def test_who_only_looks_loads_no_configuration_and_no_migrations(python: Python) -> None:
    calls = [["status"], ["studies"], ["trials"], ["trials", "--json"], ["best"]]
    assert loaded(python, calls, ["alembic", "pydantic"]) == "[0, 0, 0, 0, 0] []"


@pytest.mark.usefixtures("study")
def test_who_asks_loads_only_what_that_needs(python: Python) -> None:
    calls = [
        ["pause", "--no-wait"],
        ["resume", "--no-wait"],
        ["stop", "demo", "--no-wait"],
        ["prune", "2", "--no-wait"],
        ["set", "demo", "trials=80", "--no-wait"],
        ["enqueue", "lr=1"],
    ]
    assert loaded(python, calls) == "[2, 2, 2, 2, 2, 2] []"  # nobody runs it any more


def test_the_components_are_listed_without_optuna(python: Python) -> None:
    assert loaded(python, [["components", "--preset", "demmo"]]) == "[2] []"


@pytest.mark.usefixtures("study")
def test_nothing_loads_torch(python: Python) -> None:
    calls = [
        ["--help"],
        ["start", "study", "--help"],
        ["start", "study", "--corpus", "nowhere"],
        ["corpus", "check", "nowhere"],
        ["corpus", "demo", "--help"],
        ["components", "--preset", "demmo"],
        ["synthesize", "--help"],
        ["delete", "demo", "--yes"],
        ["init"],
    ]
    codes, _, modules = loaded(python, calls).partition("] ")
    assert codes == "[0, 0, 2, 2, 0, 2, 0, 0, 0"
    assert "optuna" in modules  # else this looks at nothing
    assert "torch" not in modules
