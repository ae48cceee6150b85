import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.cli import start_mlflow
from smart_tuner.exit_codes import TunerExit

Cli = Callable[..., Any]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """The servers that were started, as command and environment; none of them runs."""
    calls: list[tuple[list[str], dict[str, str]]] = []

    def serve(command: list[str], environment: dict[str, str]) -> TunerExit:
        calls.append((command, environment))
        return TunerExit.FINISHED

    monkeypatch.setattr(start_mlflow, "_serve", serve)
    return calls


def test_it_serves_what_studies_tell_by_default(cli: Cli, served: list[Any]) -> None:
    assert cli("start", "mlflow") == (TunerExit.FINISHED, "", "")
    ((command, environment),) = served
    assert {"--host=127.0.0.1", "--port=5000"} < set(command)
    assert f"--artifacts-destination={Path('mlartifacts').resolve()}" in command
    assert environment["MLFLOW_BACKEND_STORE_URI"] == f"sqlite:///{Path('mlflow.db').resolve()}"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert not [word for word in command if word.startswith("--allowed-hosts")]


def test_a_password_is_on_no_command_line(
    cli: Cli, served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://u:secret@host/mlflow"
    monkeypatch.setenv("SMART_TUNER_MLFLOW__TRACKING_URI", url)
    cli("start", "mlflow", "--allowed-hosts", "mlflow,mlflow:*")
    ((command, environment),) = served
    assert "secret" not in " ".join(command)
    (hosts,) = (word for word in command if word.startswith("--allowed-hosts="))
    assert hosts.startswith("--allowed-hosts=mlflow,mlflow:*,localhost,")
    assert environment["MLFLOW_BACKEND_STORE_URI"] == url


def test_beyond_this_machine_it_warns(cli: Cli, served: list[Any]) -> None:
    said = cli("start", "mlflow", "--host", "0.0.0.0")
    assert said.code == TunerExit.FINISHED
    assert said.err == "warning: everybody who reaches 0.0.0.0:5000 can read and delete runs\n"
    assert len(served) == 1


def test_where_a_server_keeps_the_runs_there_is_nothing_to_serve(
    cli: Cli, served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:secret@host:5000")
    said = cli("start", "mlflow")
    assert said == (
        TunerExit.BAD_INPUT,
        "",
        "error: the runs are kept by the tracking server at http://host:5000: open that, or set "
        "mlflow.tracking_uri to a database\n",
    )
    assert served == []


def test_a_port_that_is_taken_is_one_line(cli: Cli, served: list[Any]) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = cli("start", "mlflow", "--port", str(port))
    assert said.code == TunerExit.BAD_INPUT
    assert said.err == (
        f"error: can't listen on 127.0.0.1:{port} (Address already in use): choose another --host "
        "or --port\n"
    )
    assert served == []
