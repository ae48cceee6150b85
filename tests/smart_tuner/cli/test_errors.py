import errno
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from smart_tuner.cli.errors import redacted, run
from smart_tuner.cli.program import program as real_program
from smart_tuner.exit_codes import TunerExit
from trainer.exit_codes import BadInputError


def _program(error: BaseException) -> click.Command:
    """The real options before a command that fails with ``error``."""

    def fail() -> None:
        raise error

    group = click.Group(callback=real_program.callback, params=real_program.params)
    group.add_command(click.Command("fail", callback=fail))
    return group


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["statsu"], "no such command 'statsu'; did you mean 'status'? (see 'smart-tuner --help')"),
        (
            ["start", "engine"],
            "no such command 'engine'. There are: study, dashboard, bot, mlflow ",
        ),
        (
            ["start", "study", "--trails", "3"],
            "no such option '--trails'; did you mean '--trials'?",
        ),
        (
            ["start", "study", "--jobs", "many"],
            "command line: study.jobs='many': input should be a whole number, or auto",
        ),
        (["start", "study", "--jobs", "0"], "command line: study.jobs='0': "),
        (["--verbose", "status"], "no such option '--verbose'"),
        (["corpus", "demo"], "missing argument 'DIR' (see 'smart-tuner corpus demo --help')"),
        (["corpus", "demo", "x", "--language", "de"], "'de' is not one of 'en', 'ru'"),
        (["logs", "first"], "invalid value for 'TRIAL': 'first' is not a valid integer"),
        (["trials", "everything"], "got unexpected extra argument"),
        (["corpus", "check", "nowhere"], "corpus 'nowhere': no such file or directory"),
        (["status"], "sqlite:///smart_tuner.db: no study has been started here yet"),
        (["best", "--storage", "what"], "storage URL 'what' is malformed"),
        (["trials", "--storage", "sqlite:///nowhere/s.db"], "no study has been started here yet"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], expected: str, cli: Callable[..., Any]
) -> None:
    said = cli(*arguments)
    assert (said.code, said.out) == (TunerExit.BAD_INPUT, "")
    assert said.err.startswith("error: ")
    assert expected in said.err
    assert said.err.count("\n") == 1


def test_readers_leave_no_database_behind(cli: Callable[..., Any]) -> None:
    for command in ("status", "studies", "trials", "best"):
        assert cli(command).code == TunerExit.BAD_INPUT
    assert list(Path().iterdir()) == []


def test_a_password_is_never_shown(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://tuner:hush@127.0.0.1:1/studies"
    monkeypatch.setenv("SMART_TUNER_STORAGE__URL", url)
    said = cli("--debug", "status")
    assert said.code == TunerExit.BAD_INPUT
    assert "postgresql+psycopg://tuner:***@127.0.0.1:1/studies" in said.err
    assert "hush" not in said.err + said.out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at postgresql://u:p@ss/w@host/db.", "at postgresql://u:***@host/db."),
        ("https://host:80/a", "https://host:80/a"),
        ("no URL: a@b", "no URL: a@b"),
        ("two mysql://a:1@h, mysql://b:2@h", "two mysql://a:***@h, mysql://b:***@h"),
    ],
)
def test_redacted(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_bug_is_one_line_and_its_traceback_waits_for_debug(
    capfd: pytest.CaptureFixture[str],
) -> None:
    bug = ValueError("broken\nat mysql://u:hush@h/d")
    assert run(_program(bug), ["fail"]) == TunerExit.INTERNAL_ERROR
    short = capfd.readouterr().err
    assert short == (
        "error: ValueError: broken at mysql://u:***@h/d"
        " (this is a bug; 'smart-tuner --debug ...' shows the details)\n"
    )
    assert run(_program(bug), ["--debug", "fail"]) == TunerExit.INTERNAL_ERROR
    full = capfd.readouterr().err
    assert full.startswith("Traceback")
    assert "hush" not in full


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (BadInputError("x=1: use 2"), TunerExit.BAD_INPUT, "error: x=1: use 2\n"),
        (KeyboardInterrupt(), TunerExit.STOPPED, "\n"),
        (click.Abort(), TunerExit.STOPPED, ""),
        (PermissionError(errno.EACCES, "Permission denied", "runs"), TunerExit.BAD_INPUT,
         "error: runs: Permission denied: change its permissions, free some space, or name another"
         " place\n"),
        (OSError(errno.ENOSPC, "No space left on device"), TunerExit.BAD_INPUT,
         "error: the system: No space left on device: change its permissions, free some space, or"
         " name another place\n"),
        (FileNotFoundError(errno.ENOENT, "No such file", "inner.yaml"), TunerExit.INTERNAL_ERROR,
         "error: FileNotFoundError: [Errno 2] No such file: 'inner.yaml' (this is a bug;"
         " 'smart-tuner --debug ...' shows the details)\n"),
    ],
)  # fmt: skip
def test_every_way_to_fail_has_its_code(
    error: BaseException, code: TunerExit, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(_program(error), ["fail"]) == code
    assert capfd.readouterr().err == words


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("command", [["trials", "--json"], ["trials"], ["logs", "2"]])
def test_a_reader_that_leaves_is_no_error(
    command: list[str], python: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = python("-m", "smart_tuner.cli", *command)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=60) == TunerExit.FINISHED
    assert process.stderr is not None
    assert process.stderr.read() == b""
