"""What ``docker-compose.yml`` promises: nothing open, nothing as root, no secret inside."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.compose.conftest import ROOT, SECRETS, compose

SERVICES = ("postgres", "mlflow", "dashboard", "tuner", "bot")


def test_the_services(composed: dict[str, Any]) -> None:
    assert set(SERVICES) <= set(composed["services"])


@pytest.mark.parametrize("missing", SECRETS)
def test_nothing_starts_without_its_secrets(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        compose({name: value for name, value in SECRETS.items() if name != missing})


def test_no_secret_is_in_the_files() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    values = [line for line in example.splitlines() if line and not line.startswith("#")]
    assert {line.partition("=")[0] for line in values} >= set(SECRETS)
    assert all(line.endswith("=") for line in values)
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    passwords = re.findall(r"PASSWORD: (.*)", text)
    assert passwords
    assert all(value.startswith("${SMART_TUNER_") for value in passwords)


def test_ports_are_open_to_this_machine_alone(composed: dict[str, Any]) -> None:
    for service in composed["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_every_service_is_confined(composed: dict[str, Any]) -> None:
    for name, service in composed["services"].items():
        assert service["user"] in ("tuner", "postgres"), name
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["healthcheck"]["test"][0] == "CMD-SHELL"
        assert service["stop_grace_period"] in ("30s", "1m", "3m")


def test_versions_are_pinned(composed: dict[str, Any]) -> None:
    images = {service["image"] for service in composed["services"].values()}
    assert all(re.search(r":\d+\.\d+", image) for image in images)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^FROM python:3\.11\.\d+-slim-bookworm$", dockerfile, re.MULTILINE)
    assert "--constraint constraints.txt" in dockerfile
    assert re.search(r"^USER 1000$", dockerfile, re.MULTILINE)


def test_what_is_kept_lies_in_named_volumes(composed: dict[str, Any]) -> None:
    for service in composed["services"].values():
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            assert source in composed["volumes"] or (target, mode) == ("/corpora", ["ro"])


@pytest.mark.parametrize("files", [(), ("docker/gpu.yml",)])
def test_docker_compose_takes_it(files: tuple[str, ...]) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True).returncode
    ):
        pytest.skip("docker compose is not installed")
    named = [word for file in ("docker-compose.yml", *files) for word in ("--file", file)]
    done = subprocess.run(
        [docker, "compose", *named, "config", "--quiet"],
        cwd=ROOT, env={"PATH": "/usr/bin:/usr/local/bin", "HOME": str(Path.home()), **SECRETS},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
