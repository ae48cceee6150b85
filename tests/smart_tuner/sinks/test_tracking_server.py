"""A real tracking server, ``smart-tuner start mlflow``, that goes away and comes back."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import smart_tuner
from smart_tuner.exit_codes import TunerExit

ROOT = Path(smart_tuner.__file__).parents[1]
Workshop = Any
WaitUntil = Callable[..., None]


class Server:
    """The command in a process of its own, in a working directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to serve; it answers a few seconds later."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("SMART_TUNER_SINKS__MLFLOW", None)
        command = [sys.executable, "-m", "smart_tuner.cli", "start", "mlflow"]
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"--port={self.port}"],
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
                # Who runs the tests in the background of a script has them ignore Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self, signum: int = signal.SIGINT) -> int:
        """End it; its exit code."""
        assert self.process is not None
        self.process.send_signal(signum)
        return self.process.wait(30)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Not started; at the end none is left."""
    server = Server(tmp_path)
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop(signal.SIGTERM)


@pytest.mark.slow
def test_a_server_that_is_away_for_a_while_costs_neither_a_step_nor_a_value(
    slow_workshop: Workshop,
    server: Server,
    wait_until: WaitUntil,
    assert_complete: Callable[[Workshop], None],
    mlflow_of: Callable[[Workshop], Any],
) -> None:
    server.start()
    wait_until(server.answers)
    study = {
        "study": {"trials": 1},
        "trainer": {"steps": 1000, "evaluate_every": 100},
        "sinks": {"mlflow": True},
        "mlflow": {"tracking_uri": server.url},
    }
    controller = slow_workshop.start(**study)

    def sent() -> int:
        ((n,),) = mlflow_of(slow_workshop).rows("SELECT COUNT(*) FROM metrics")
        return int(n)

    wait_until(lambda: sent() > 0)
    assert server.stop() == TunerExit.FINISHED
    step = slow_workshop.said(0)[-1].step
    wait_until(lambda: (slow_workshop.folder / "runs/speech/sinks.log").stat().st_size > 0)
    server.start()
    wait_until(server.answers)
    out, _ = controller.communicate(timeout=180)
    assert controller.returncode == TunerExit.FINISHED, out
    assert out.count("MLflow is away, and gets later what it misses") == 1
    assert out.count("MLflow is back") == 1
    assert step < 1000  # else the server was away when nobody needed it
    assert_complete(slow_workshop)
    assert f"MLflow: {server.url}/#/experiments/1/runs/" in out
    assert (slow_workshop.folder / "mlartifacts").is_dir()
