import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from smart_tuner.launch.trainer_process import (
    LEASE_SECONDS,
    TRAINER,
    TrainerProcess,
    end_orphan,
    is_alive,
    wait_for_an_end,
)
from tests.smart_tuner.launch.test_trainer_environment import SECRETS
from trainer.paths import RunPaths

PYTHON = (sys.executable, "-c")
RUN_DIR = ("--run-dir", "0")
"""As a trainer is told where it runs, from the working directory."""
SLEEP = "print('ready', flush=True); import time; time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
Start = Callable[[str], TrainerProcess]
WaitUntil = Callable[..., None]
Leave = Callable[[str], psutil.Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a trainer that only does as some code says."""
    started: list[TrainerProcess] = []

    def start(code: str) -> TrainerProcess:
        paths = RunPaths(tmp_path / "0")
        started.append(TrainerProcess.start(paths, [code, *RUN_DIR], 3, command=PYTHON))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def ended(process: TrainerProcess) -> int | None:
    """Its exit code, waited for as the controller does."""
    while not process.poll():
        time.sleep(0.02)
    return process.exit_code


def is_ready(process: TrainerProcess) -> bool:
    return "ready" in process.paths.log.read_text()


def test_a_trainer_sees_no_secret_and_logs(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    process = start("import os, sys; print(dict(os.environ)); sys.stderr.write('woe')")
    ended(process)
    log = process.paths.log.read_text()
    assert "'OMP_NUM_THREADS': '3'" in log
    assert "woe" in log
    assert "secret" not in log


def test_the_log_of_an_earlier_attempt_stays(start: Start) -> None:
    for word in ("first", "second"):
        process = start(f"print({word!r})")
        ended(process)
    assert process.paths.log.read_text() == "first\nsecond\n"


def test_it_is_known_while_it_runs(start: Start) -> None:
    process = start(SLEEP)
    record = json.loads(process.paths.process.read_text())
    assert record["pid"] == process.pid
    assert record["started"] == psutil.Process(process.pid).create_time()
    assert is_alive(process.paths)
    assert not process.poll()
    assert process.exit_code is None
    process.kill()
    assert ended(process) == -signal.SIGKILL
    assert not process.paths.process.exists()
    assert not is_alive(process.paths)


def test_it_is_a_process_group_and_a_session_of_its_own(start: Start) -> None:
    """So Ctrl-C in the terminal reaches the controller alone."""
    process = start(SLEEP)
    assert os.getpgid(process.pid) == os.getsid(process.pid) == process.pid


def test_the_whole_group_is_killed(start: Start, wait_until: WaitUntil) -> None:
    child = f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}])"
    process = start(f"import subprocess, sys; print({child}.pid, flush=True); {SLEEP}")
    wait_until(lambda: process.paths.log.read_text().count("ready") == 2)
    pid = int(process.paths.log.read_text().split()[0])
    process.kill()
    wait_until(lambda: not psutil.pid_exists(pid) or is_zombie(pid), 10)


def is_zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_polite_request_is_a_sigterm(start: Start, wait_until: WaitUntil) -> None:
    polite = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); "
    process = start(polite + SLEEP)
    wait_until(lambda: is_ready(process))
    process.request_stop()
    process.request_stop()
    assert ended(process) == 3


def test_who_does_not_listen_is_killed(start: Start, wait_until: WaitUntil) -> None:
    process = start(DEAF)
    wait_until(lambda: is_ready(process))
    process.request_stop(grace_seconds=0.5)
    begun = time.monotonic()
    assert ended(process) == -signal.SIGKILL
    assert time.monotonic() - begun > 0.4


def test_to_stop_what_has_ended_does_nothing(start: Start) -> None:
    process = start("")
    assert ended(process) == 0
    process.request_stop()
    process.kill()
    assert process.poll()
    assert process.exit_code == 0


def test_the_lease_is_renewed(start: Start) -> None:
    process = start(SLEEP)
    old = time.time() - 2 * LEASE_SECONDS
    os.utime(process.paths.lease, (old, old))
    process.renew_lease()
    assert time.time() - process.paths.lease.stat().st_mtime < 10


@pytest.fixture
def orphan(tmp_path: Path, wait_until: WaitUntil) -> Iterator[Leave]:
    """Starts a trainer in run directory ``0`` whose controller then dies."""
    found: list[psutil.Process] = []

    def leave(code: str) -> psutil.Process:
        controller = (
            "import sys; from pathlib import Path; from trainer.paths import RunPaths;"
            "from smart_tuner.launch.trainer_process import TrainerProcess;"
            f"TrainerProcess.start(RunPaths(Path('0')), {[code, *RUN_DIR]!r}, 1,"
            " command=(sys.executable, '-c'))"
        )
        root = str(Path(__file__).parents[3])
        environment = {**os.environ, "PYTHONPATH": root}
        command = [sys.executable, "-c", controller]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
        paths = RunPaths(tmp_path / "0")
        found.append(psutil.Process(json.loads(paths.process.read_text())["pid"]))
        wait_until(lambda: "ready" in paths.log.read_text())
        return found[-1]

    yield leave
    for process in found:
        if process.is_running():
            process.kill()


def test_an_orphan_is_found_by_its_record(orphan: Leave, tmp_path: Path) -> None:
    process, paths = orphan(SLEEP), RunPaths(tmp_path / "0")
    found = TrainerProcess.find(paths)
    assert (found.pid, found.started_at) == (process.pid, process.create_time())
    assert not found.poll()
    process.kill()
    assert waited(found)
    assert found.exit_code is None  # nobody but its parent learns that
    assert not paths.process.exists()


def test_an_orphan_without_a_record_is_found_by_its_command_line(
    orphan: Leave, tmp_path: Path
) -> None:
    """Its controller was killed between its start and the note of it."""
    process, paths = orphan(SLEEP), RunPaths(tmp_path / "0")
    paths.process.unlink()
    assert TrainerProcess.find(paths).pid is None
    assert TrainerProcess.find(paths, search=True).pid == process.pid
    assert TrainerProcess.find(RunPaths(tmp_path / "1"), search=True).pid is None
    process.kill()
    wait_for_end(process)
    assert TrainerProcess.find(paths, search=True).pid is None


@pytest.mark.parametrize("code", [SLEEP, DEAF], ids=["polite", "deaf"])
def test_one_that_was_found_can_be_stopped(code: str, orphan: Leave, tmp_path: Path) -> None:
    process, paths = orphan(code), RunPaths(tmp_path / "0")
    found = TrainerProcess.find(paths)
    begun = time.monotonic()
    found.request_stop(grace_seconds=0.5)
    assert waited(found)
    assert (time.monotonic() - begun > 0.4) is (code == DEAF)
    wait_for_end(process)


def test_what_has_ended_before_it_was_looked_for(tmp_path: Path) -> None:
    found = TrainerProcess.find(RunPaths(tmp_path), search=True)
    assert (found.pid, found.started_at, found.exit_code) == (None, None, None)
    assert found.poll()
    found.request_stop()
    found.kill()


def test_a_wait_ends_with_the_first_trainer(start: Start) -> None:
    begun = time.monotonic()
    wait_for_an_end([start(SLEEP), start("")], 30)
    assert time.monotonic() - begun < 20


def test_a_wait_for_one_that_was_found_ends_with_it(orphan: Leave, tmp_path: Path) -> None:
    process, begun = orphan(SLEEP), time.monotonic()
    found = TrainerProcess.find(RunPaths(tmp_path / "0"))
    wait_for_an_end([found], 0.2)
    assert time.monotonic() - begun >= 0.2
    process.kill()
    wait_for_an_end([found], 30)
    assert time.monotonic() - begun < 20
    assert waited(found)


def waited(process: TrainerProcess) -> bool:
    """Whether it ends, and within 20 seconds."""
    deadline = time.monotonic() + 20
    while not process.poll():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def wait_for_end(process: psutil.Process) -> None:
    """Until an orphan has ended, be it as a zombie that process 1 does not reap."""
    deadline = time.monotonic() + 20
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("code", [SLEEP, DEAF], ids=["polite", "deaf"])
def test_an_orphan_is_ended(code: str, orphan: Leave, tmp_path: Path) -> None:
    process, paths = orphan(code), RunPaths(tmp_path / "0")
    assert is_alive(paths)
    begun = time.monotonic()
    end_orphan(paths, grace_seconds=1.0)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not paths.process.exists()
    assert (time.monotonic() - begun > 1.0) is (code == DEAF)


def test_an_orphan_that_nobody_reaps_is_ended_too(start: Start, wait_until: WaitUntil) -> None:
    """In a container, process 1 may reap nothing: zombies stay for ever."""
    process = start(SLEEP)
    end_orphan(process.paths)
    assert is_zombie(process.pid)


def test_another_process_of_the_same_number_is_let_live(start: Start) -> None:
    process = start(SLEEP)
    record = {"pid": process.pid, "started": psutil.Process(process.pid).create_time() - 60}
    process.paths.process.write_text(json.dumps(record))
    end_orphan(process.paths)
    assert not process.poll()
    assert not process.paths.process.exists()


def test_without_an_orphan_there_is_nothing_to_end(tmp_path: Path) -> None:
    end_orphan(RunPaths(tmp_path))
    RunPaths(tmp_path).process.write_text(json.dumps({"pid": 2**22 + 1, "started": 1.0}))
    end_orphan(RunPaths(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_the_same_name_does_not_shadow_the_trainer(tmp_path: Path) -> None:
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "__init__.py").write_text("raise SystemExit(99)")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([*TRAINER, "--help"], cwd=tmp_path, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
