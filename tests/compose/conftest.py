"""The compose file as Docker would read it, and its services as processes of this machine."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import smart_tuner
from tests.smart_tuner.conftest import demo_corpus, speech  # noqa: F401 - fixtures

ROOT = Path(smart_tuner.__file__).parents[1]
SECRETS = {
    "SMART_TUNER_POSTGRES_PASSWORD": "a p@ss/word:%",
    "SMART_TUNER_DASHBOARD__PASSWORD": "correct horse battery staple",
}
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?:(:\?|:-)([^}]*))?\}")


def interpolated(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?error}`` filled in."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = environ.get(match[1], "")
        if not found and match[2] == ":?":
            raise KeyError(f"{match[1]}: {match[3]}")
        return found or (match[3] or "" if match[2] == ":-" else "")

    return _VARIABLE.sub(value, text)


def compose(environ: Mapping[str, str]) -> dict[str, Any]:
    """The file, read and filled in."""

    def filled(node: Any) -> Any:
        if isinstance(node, str):
            return interpolated(node, environ)
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        return [filled(value) for value in node] if isinstance(node, list) else node

    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    result: dict[str, Any] = filled(yaml.safe_load(text))
    return result


@pytest.fixture(scope="session")
def composed() -> dict[str, Any]:
    """The file with both secrets."""
    return compose(SECRETS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Machine:
    """Where the services run: folders for volumes, free ports, this machine's PostgreSQL."""

    folder: Path
    database_url: str
    environ: dict[str, str]
    ports: dict[str, int] = field(
        default_factory=lambda: {"5000": free_port(), "8080": free_port()}
    )
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services = compose({**SECRETS, **self.environ})["services"]
        for name in ("studies", "mlflow", "corpora"):
            (self.folder / name).mkdir(exist_ok=True)

    def here(self, text: str) -> str:
        """``text`` with this machine's addresses and folders in place of the containers'."""
        text = text.replace(
            "postgresql+psycopg://smart_tuner@postgres/smart_tuner", self.database_url
        )
        for port, free in self.ports.items():
            text = text.replace(f"mlflow:{port}", f"127.0.0.1:{free}")
            text = re.sub(rf"\b{port}\b", str(free), text)
        for name in ("studies", "mlflow", "corpora"):
            text = text.replace("/tmp/bot-alive", str(self.folder / "bot-alive"))
            text = re.sub(rf"(?<![\w.:]/)(?<![\w.])/{name}\b(?!:)", str(self.folder / name), text)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """Its own variables, and what any process needs."""
        own = {k: self.here(str(v)) for k, v in self.services[service]["environment"].items()}
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), str(ROOT / "docker"), os.environ["PATH"]]
        )
        home = str(self.folder / "home")
        return {"PATH": path, "HOME": home, "OMP_NUM_THREADS": "1", **self.environ, **own}

    def start(self, service: str) -> None:
        """Its real command, in its folder."""
        command = self.services[service]["command"]
        words = shlex.split(command) if isinstance(command, str) else command
        folder = "mlflow" if service == "mlflow" else "studies"
        with (self.folder / f"{service}.log").open("ab") as log:
            self.running[service] = subprocess.Popen(
                [self.here(word) for word in words],
                cwd=self.folder / folder,
                env=self.environment(service),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def check(self, service: str) -> bool:
        """Whether its health check, as the file declares it, is content."""
        kind, command = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        done = subprocess.run(
            ["sh", "-c", self.here(command)],
            cwd=self.folder / "studies",
            env=self.environment(service),
            capture_output=True,
        )
        return done.returncode == 0

    def wait_for(self, service: str, seconds: float = 180.0) -> None:
        """Until it is healthy."""
        deadline = time.monotonic() + seconds
        while not self.check(service):
            ended = self.running[service].poll() if service in self.running else None
            if ended is not None or time.monotonic() > deadline:
                pytest.fail(f"{service} ({ended}): {self.log(service)}")
            time.sleep(0.5)

    def log(self, service: str) -> str:
        """What it has said."""
        return (self.folder / f"{service}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self, service: str) -> int:
        """As ``docker compose stop``; its exit code."""
        process = self.running[service]
        process.terminate()
        return process.wait(timeout=120)

    def close(self) -> None:
        """End what still runs, however that goes."""
        with ExitStack() as stack:
            for process in self.running.values():
                stack.callback(process.wait)
                if process.poll() is None:
                    stack.callback(os.killpg, process.pid, signal.SIGKILL)


@pytest.fixture
def machine(tmp_path: Path, postgresql: Any) -> Iterator[Callable[..., Machine]]:
    """A machine of this test's own, with more of ``.env`` if wanted."""
    opened: list[Machine] = []

    def made(**environ: str) -> Machine:
        opened.append(Machine(tmp_path, postgresql.create(), environ))
        return opened[-1]

    yield made
    for one in opened:
        one.close()
