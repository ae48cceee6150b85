"""``pause``, ``resume``, ``stop``, ``prune``, ``set`` and ``enqueue``, and the list of them."""

import getpass
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit
from storage import commands
from storage.clock import utc_now
from storage.commands import Commands
from storage.database import Database
from storage.deletion import delete_study
from storage.records import CommandRecord, CommandState, StudyRecord, StudyState, TrialState
from storage.studies import Studies
from storage.trials import Trials

Cli = Callable[..., Any]
SPACE = {
    "learning_rate": {"type": "float", "low": 0.001, "high": 0.02, "log": True},
    "n_frames_per_step": {"type": "categorical", "choices": [2, 3]},
}
ASKED: list[tuple[list[str], tuple[str, int | None, dict[str, Any]]]] = [
    (["pause", "live"], ("pause", None, {})),
    (["pause"], ("pause", None, {})),
    (["resume", "live"], ("resume", None, {})),
    (["stop", "live"], ("stop", None, {})),
    (["prune", "3"], ("prune", 3, {})),
    (["prune", "3", "--name", "live"], ("prune", 3, {})),
    (["set", "live", "trials=80"], ("set", None, {"trials": 80})),
    (
        ["set", "trials=80", "timeout=1h30m", "budget=none"],
        ("set", None, {"trials": 80, "timeout": 5400.0, "budget": None}),
    ),
    (["set", "--name", "live", "jobs=2"], ("set", None, {"jobs": 2})),
    (
        ["enqueue", "live", "learning_rate=2e-3, n_frames_per_step=3"],
        ("enqueue", None, {"params": {"learning_rate": 0.002, "n_frames_per_step": 3}}),
    ),
    (
        ["enqueue", "learning_rate=2e-3"],
        ("enqueue", None, {"params": {"learning_rate": 0.002}}),
    ),
]


@pytest.fixture(autouse=True)
def _searched(database: Database, running_study: str) -> None:
    Studies(database).update(running_study, config={"space": SPACE})


@pytest.fixture
def nobody(
    fall_silent: Callable[[str], None], running_study: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A study without a controller, on which nobody waits for long."""
    monkeypatch.setattr(commands, "EXPIRES_AFTER_SECONDS", 0.6)
    fall_silent(running_study)
    return running_study


def asked(database: Database) -> list[CommandRecord]:
    return Commands(database).list_of("live")


@pytest.mark.parametrize(("arguments", "expected"), ASKED)
def test_what_is_asked_is_answered_and_kept(
    arguments: list[str],
    expected: tuple[str, int | None, dict[str, Any]],
    cli: Cli,
    database: Database,
    answering: Any,
) -> None:
    with answering(lambda command: f"{command.kind}: so be it"):
        said = cli(*arguments)
    assert said == (TunerExit.FINISHED, f"{expected[0]}: so be it\n", "")
    (command,) = asked(database)
    assert (command.kind, command.number, command.arguments) == expected
    assert command.requested_by == getpass.getuser()
    assert command.source == f"cli on {socket.gethostname()}"
    assert utc_now() - command.requested_at < timedelta(seconds=30)
    assert (command.state, command.answer) == (CommandState.DONE, f"{expected[0]}: so be it")


def test_a_refusal_is_the_error(cli: Cli, answering: Any) -> None:
    def refuse(command: CommandRecord) -> str:
        raise ValueError(f"study 'live' has no trial {command.number}")

    with answering(refuse):
        assert cli("prune", "9") == (2, "", "error: study 'live' has no trial 9\n")
        said = cli("prune", "9", "--json")
    assert said.code == TunerExit.BAD_INPUT
    assert said.err == "error: study 'live' has no trial 9\n"
    assert json.loads(said.out)["state"] == "refused"


def test_json(cli: Cli, answering: Any) -> None:
    with answering(lambda _: "trial next: learning_rate=0.002"):
        said = cli("enqueue", "learning_rate=2e-3", "--json")
    assert said.code == 0
    command = json.loads(said.out)
    at = command.pop("requested_at"), command.pop("answered_at")
    assert at[0] < at[1]
    assert command == {
        "id": 1,
        "study": "live",
        "command": "enqueue",
        "trial": None,
        "arguments": {"params": {"learning_rate": 0.002}},
        "requested_by": getpass.getuser(),
        "source": f"cli on {socket.gethostname()}",
        "state": "done",
        "answer": "trial next: learning_rate=0.002",
    }


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["set", "trails=80"], "'trails' can't be set while a study runs; did you mean 'trials'?"),
        (["set", "live"], "nothing to set: name one of trials, jobs, timeout, budget"),
        (["set", "live", "trials"], "'trials' is not of the form name=value"),
        (["set", "live", "trials=0"], "trials='0': input should be greater than or equal to 1"),
        (["enqueue", "momentum=1"], "'momentum' is not searched in this study; searched are "),
        (["enqueue", "learning_rate=1"], "learning_rate=1 lies outside its range (float 0.001 … "),
        (["enqueue", "live"], "hparams: 'live' is not of the form name=value"),
        (["enqueue", "live", "learning_rate=1e-3", "b=1"], "all settings in one word"),
        (["enqueue", "nowhere", "learning_rate=1e-3"], "no study called 'nowhere'"),
        (["pause", "nowhere"], "no study called 'nowhere'; there are: 'live'"),
        (["prune", "-1"], "no such option '-1'"),
    ],
)
def test_what_is_wrong_is_never_asked(
    arguments: list[str], line: str, cli: Cli, database: Database
) -> None:
    said = cli(*arguments)
    assert (said.code, said.out) == (TunerExit.BAD_INPUT, "")
    assert line in said.err
    assert said.err.count("\n") == 1
    assert asked(database) == []


def test_without_waiting(cli: Cli, database: Database) -> None:
    for arguments in (["stop"], ["resume"], ["prune", "0"], ["set", "jobs=1"]):
        said = cli(*arguments, "--no-wait")
        assert said == (0, "asked; 'smart-tuner commands' shows the answer\n", "")
    assert {command.state for command in asked(database)} == {CommandState.PENDING}
    assert json.loads(cli("pause", "--no-wait", "--json").out)["state"] == "pending"


class TestWhichStudy:
    def test_the_one_that_runs(
        self, cli: Cli, database: Database, answering: Any, study: str
    ) -> None:
        Studies(database).set_state(study, StudyState.STOPPED)  # updated last
        with answering(lambda _: "pausing"):
            assert cli("pause").code == 0

    def test_which_of_several_has_to_be_said(
        self, cli: Cli, database: Database, enter: Callable[[str], Any]
    ) -> None:
        Studies(database).create(StudyRecord(name="other"))
        enter("other")
        said = cli("stop")
        assert said.code == 2
        assert said.err == "error: several studies run, 'live', 'other': say which one is meant\n"
        assert asked(database) == []


class TestNobodyThere:
    LEFT = "no controller runs study 'live' now; waiting 0.6 s for one, Ctrl-C to leave\n"

    def test_it_expires_and_says_so(self, cli: Cli, database: Database, nobody: str) -> None:
        began = time.monotonic()
        said = cli("pause", nobody)
        assert 0.6 <= time.monotonic() - began < 5
        assert (said.code, said.out) == (TunerExit.BAD_INPUT, "")
        first, second = said.err.splitlines(keepends=True)
        assert first == self.LEFT
        assert second.startswith("error: no controller ran study 'live' within 0.6 s of this: ")
        assert "smart-tuner start study" in second
        assert [command.state for command in asked(database)] == [CommandState.EXPIRED]

    def test_a_controller_that_comes_in_time_obeys(
        self, cli: Cli, nobody: str, enter: Callable[[str], Any], answering: Any
    ) -> None:
        def come(_: CommandRecord) -> str:
            enter(nobody)
            return "paused already"

        with answering(come):
            assert cli("pause", nobody) == (0, "paused already\n", self.LEFT)

    def test_a_slow_one_that_lives_is_waited_for(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch, answering: Any
    ) -> None:
        monkeypatch.setattr(commands, "EXPIRES_AFTER_SECONDS", 0.2)
        with answering(lambda _: "at last", after=1.0):
            assert cli("pause") == (0, "at last\n", "")

    def test_who_looks_later_sees_it_expired(self, cli: Cli, nobody: str) -> None:
        cli("stop", nobody, "--no-wait")
        assert json.loads(cli("commands", "--json").out)[0]["state"] == "pending"
        time.sleep(0.7)
        assert json.loads(cli("commands", "--json").out)[0]["state"] == "expired"

    def test_a_study_that_is_deleted_meanwhile(
        self, cli: Cli, database: Database, nobody: str
    ) -> None:
        thread = threading.Timer(0.3, delete_study, (database, nobody))
        thread.start()
        said = cli("pause", nobody)
        thread.join()
        assert said.err.endswith("error: study 'live' was deleted before it could answer\n")


class TestCtrlC:
    def test_it_ends_the_waiting_alone(
        self,
        python: Callable[..., subprocess.Popen[bytes]],
        database: Database,
        running_study: str,
        fall_silent: Callable[[str], None],
    ) -> None:
        fall_silent(running_study)
        process = python("-m", "smart_tuner.cli", "pause", running_study)
        assert process.stderr is not None
        assert b"no controller runs study 'live' now; waiting 60 s" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (TunerExit.STOPPED, b"")
        assert err.strip() == b"asked all the same: 'smart-tuner commands' shows the answer"
        assert [command.state for command in asked(database)] == [CommandState.PENDING]

    def test_nor_does_it_keep_trainers_from_leaving(
        self, cli: Cli, database: Database, answering: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(_: float) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(
            "smart_tuner.cli.leaving.time",
            SimpleNamespace(sleep=interrupt, monotonic=time.monotonic),
        )
        Studies(database).set_state("live", StudyState.PAUSING)
        with answering(lambda _: "pausing"):
            said = cli("pause", "--wait")
        assert (said.code, said.out) == (TunerExit.STOPPED, "pausing\n")
        assert said.err == "\nits trainers leave all the same: see 'smart-tuner status'\n"


class TestWait:
    @pytest.mark.parametrize(
        ("kind", "on_the_way", "end"),
        [
            ("pause", StudyState.PAUSING, StudyState.PAUSED),
            ("stop", StudyState.STOPPING, StudyState.STOPPED),
            ("stop", StudyState.STOPPING, StudyState.FINISHED),
        ],
    )
    def test_until_the_trainers_have_left(
        self,
        kind: str,
        on_the_way: StudyState,
        end: StudyState,
        cli: Cli,
        database: Database,
        answering: Any,
    ) -> None:
        def leave() -> None:
            time.sleep(0.7)
            Trials(database).update("live", 0, state=TrialState.PAUSED)
            Studies(database).set_state("live", end)

        threads: list[threading.Thread] = []

        def obey(_: CommandRecord) -> str:
            Studies(database).set_state("live", on_the_way)
            threads.append(threading.Thread(target=leave))
            threads[0].start()
            return "leaving"

        with answering(obey):
            said = cli(kind, "--wait")
        threads[0].join()
        assert said == (0, "leaving\n", f"study 'live' is {end}\n")

    def test_what_comes_of_it_may_be_another_thing(
        self, cli: Cli, database: Database, answering: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("smart_tuner.cli.leaving._SETTLING_SECONDS", 0.5)
        Studies(database).set_state("live", StudyState.STOPPED)
        with answering(lambda _: "pausing"):
            said = cli("pause", "--wait")
        assert (said.code, said.out) == (TunerExit.BAD_INPUT, "pausing\n")
        assert said.err.startswith("error: study 'live' is not paused but stopped: see ")

    def test_a_refusal_is_not_waited_on(self, cli: Cli, answering: Any) -> None:
        def refuse(_: CommandRecord) -> str:
            raise ValueError("no")

        with answering(refuse):
            assert cli("stop", "--wait") == (2, "", "error: no\n")


class TestCommands:
    @pytest.fixture(autouse=True)
    def _asked(self, database: Database) -> None:
        commands = Commands(database)
        first = commands.send("live", "prune", requested_by="anna", source="telegram", number=3)
        commands.answer(first.id, CommandState.REFUSED, "study 'live' has no trial 3")
        params = {"params": {"learning_rate": 0.002}}
        commands.send("live", "enqueue", requested_by="bert", source="cli on x", arguments=params)

    def test_table(self, cli: Cli) -> None:
        said = cli("commands")
        assert said.code == 0
        first, second = said.out.splitlines()[-2:]
        for words in ("anna", "telegram", "prune trial 3", "refused", "has no trial 3"):
            assert words in first
        for words in ("bert", "cli on x", "enqueue learning_rate=0.002", "pending"):
            assert words in second

    def test_json(self, cli: Cli) -> None:
        listed = json.loads(cli("commands", "--name", "live", "--json").out)
        assert [one["requested_by"] for one in listed] == ["anna", "bert"]
        assert [one["state"] for one in listed] == ["refused", "pending"]
        assert listed[0]["answer"] == "study 'live' has no trial 3"

    def test_nothing_asked(self, cli: Cli, study: str) -> None:
        assert "Nothing was asked for yet." in cli("commands", "--name", study).out


def test_a_terminal_shows_that_it_waits(
    cli: Cli, answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with answering(lambda _: "paused already"):
        said = cli("pause")
    assert (said.code, said.out) == (0, "paused already\n")
    assert "waiting for the controller..." in said.err
