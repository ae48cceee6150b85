"""``smart-tuner start dashboard``: starting, serving over HTTP, leaving, and what is in its way."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import smart_tuner

ROOT = str(Path(smart_tuner.__file__).parents[1])
PASSWORD_VARIABLE = "SMART_TUNER_DASHBOARD__PASSWORD"


class Server(NamedTuple):
    """A running dashboard."""

    process: "subprocess.Popen[str]"
    address: str
    said: str


@pytest.fixture
def served() -> Callable[..., Any]:
    """Within the block the dashboard of the working directory is served, in its own process."""

    @contextmanager
    def serve(*options: str, **environment: str) -> Iterator[Server]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "smart_tuner.cli",
                "start",
                "dashboard",
                "--port",
                "0",
                *options,
            ],
            env={**os.environ, "PYTHONPATH": ROOT, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert "/dashboard" in said, process.communicate()
            yield Server(process, said.rpartition("buttons: ")[2].strip()[: -len("/control")], said)
        finally:
            process.kill()
            process.communicate()

    return serve


def _get(url: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_it_serves_a_study_and_leaves_when_asked(served: Callable[..., Any], study: str) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM):
        with served() as server:
            assert server.address.startswith("http://127.0.0.1:")
            assert _get(f"{server.address}/api/meta")[0] == 200
            status, reason = _get(f"{server.address}/api/meta", Host="evil.example")
            assert status == 400
            assert "--allowed-hosts" in reason["reason"]
            server.process.send_signal(sign)
            assert server.process.wait(timeout=30) == 0
            assert server.process.stderr.read() == ""


def test_behind_a_password_nothing_is_open_and_nobody_says_it(
    served: Callable[..., Any], study: str
) -> None:
    password = {PASSWORD_VARIABLE: "correct-horse"}
    with served("--host", "0.0.0.0", "--read-only", **password) as server:
        assert server.address.startswith("http://127.0.0.1:")
        assert _get(f"{server.address}/api/studies")[0] == 401
        server.process.terminate()
        assert server.process.wait(timeout=30) == 0
        assert "correct-horse" not in server.said + server.process.stderr.read()


def test_it_may_be_there_before_the_first_study(
    served: Callable[..., Any], postgresql: Any
) -> None:
    with served(SMART_TUNER_STORAGE__URL=postgresql.create()) as server:
        assert _get(f"{server.address}/api/studies") == (200, {"study_summaries": []})
        with urllib.request.urlopen(f"{server.address}/control", timeout=30) as page:
            assert "smart-tuner start study" in page.read().decode()


def test_another_address_needs_a_password(
    cli: Callable[..., Any], study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "  ")  # blanks are none
    said = cli("start", "dashboard", "--host", "0.0.0.0")
    assert said.code == 2
    assert PASSWORD_VARIABLE in said.err
    assert said.err.count("\n") == 1


def test_a_taken_port_is_said(cli: Callable[..., Any], study: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = cli("start", "dashboard", "--port", port)
    assert said.code == 2
    assert f"--port {port}: " in said.err
    assert "choose another --port" in said.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "no study has been started here yet"),
        (("--storage", "nonsense"), "malformed"),
        (("--port", "70000"), "70000"),
        (("--runs", "nowhere"), "nowhere"),
    ],
)
def test_what_can_not_be_served_is_said(
    cli: Callable[..., Any], options: tuple[str, ...], words: str
) -> None:
    said = cli("start", "dashboard", *options)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err


def test_an_unknown_host_is_said(
    cli: Callable[..., Any], study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "x")
    said = cli("start", "dashboard", "--host", "no-such-host.invalid")
    assert said.code == 2
    assert "no-such-host.invalid" in said.err
