"""``smart-tuner start mlflow``."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import click

from smart_tuner.config import load_config
from smart_tuner.config.mlflow_section import MlflowSection, is_server, sqlite_path
from smart_tuner.exit_codes import TunerExit
from smart_tuner.sinks.available import require_mlflow
from smart_tuner.sinks.mlflow_environment import mlflow_environment
from trainer.exit_codes import BadInputError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GRACE_SECONDS = 10.0
_OWN_NAMES = "localhost,localhost:*,127.0.0.1,127.0.0.1:*,[::1],[::1]:*"
"""MLflow's own list is replaced by the one that it is given."""


@click.command("mlflow")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen."
)
@click.option(
    "--port", default=5000, show_default=True, type=click.IntRange(1, 65_535), metavar="PORT"
)
@click.option(
    "--allowed-hosts", metavar="HOSTS",
    help="Names by which others may call it, besides localhost; with commas between.",
)  # fmt: skip
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE",
    help="The study.yaml that says where MLflow keeps runs; default: sqlite:///mlflow.db.",
)  # fmt: skip
def start_mlflow(
    host: str, port: int, allowed_hosts: str | None, config_file: Path | None
) -> TunerExit:
    """Serve MLflow's pages over what studies have told it, until Ctrl-C.

    MLflow asks nobody for a password: whoever reaches the address can read, change and delete runs.
    """
    require_mlflow()
    section = load_config(config_file, {}, environ=os.environ).mlflow
    if is_server(section.uri):
        raise BadInputError(
            f"the runs are kept by the tracking server at {section.pages}: open that, or set "
            "mlflow.tracking_uri to a database"
        )
    _require_free(host, port)
    if host not in _LOOPBACK:
        click.echo(
            f"warning: everybody who reaches {host}:{port} can read and delete runs", err=True
        )
    return _serve(_command(section, host, port, allowed_hosts), _environment(section, os.environ))


def _command(section: MlflowSection, host: str, port: int, allowed: str | None) -> list[str]:
    options = [f"--host={host}", f"--port={port}", "--workers=1"]
    if allowed is not None:
        options.append(f"--allowed-hosts={allowed},{_OWN_NAMES}")
    path = sqlite_path(section.uri)
    folder = path.parent if path is not None else Path.cwd()
    options.append(f"--artifacts-destination={folder / 'mlartifacts'}")
    return [sys.executable, "-P", "-m", "mlflow", "server", *options]


def _environment(section: MlflowSection, environ: Mapping[str, str]) -> dict[str, str]:
    """With the database's URL, whose password a command line would show to everybody."""
    return mlflow_environment({**environ, "MLFLOW_BACKEND_STORE_URI": section.uri})


def _require_free(host: str, port: int) -> None:
    """One line where the server's own words would be many."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise BadInputError(
            f"can't listen on {host}:{port} ({error.strerror}): choose another --host or --port"
        ) from None


def _serve(command: list[str], environment: dict[str, str]) -> TunerExit:
    """Run the server in a session of its own, which ends as a whole, at Ctrl-C or SIGTERM."""
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = server.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        _end(server)
        signal.signal(signal.SIGTERM, before)
    if code:
        raise BadInputError(f"MLflow's server ended with exit code {code}: its own words are above")
    return TunerExit.FINISHED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _end(server: "subprocess.Popen[bytes]") -> None:
    """Politely, then firmly; with the processes that it has started."""
    try:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(_GRACE_SECONDS)
    except ProcessLookupError:
        return
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
