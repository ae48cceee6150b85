"""A working directory of one's own, a study in it, and ``smart-tuner`` in this process."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import update

import smart_tuner
from smart_tuner.cli import main
from storage.clock import utc_now
from storage.commands import Commands
from storage.controller_process import LOST_AFTER_SECONDS, this_process
from storage.controllers import Controllers
from storage.database import Database, open_database
from storage.progress import Progress
from storage.records import (
    CommandRecord,
    CommandState,
    ControllerRecord,
    ProgressRecord,
    StudyRecord,
    StudyState,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.studies import Studies
from storage.tables import ControllerRow
from storage.trials import Trials

_ROOT = str(Path(smart_tuner.__file__).parents[1])


class Said(NamedTuple):
    """How a call of ``smart-tuner`` ended."""

    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty, and no settings of the machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in list(os.environ):
        if name.upper().startswith("SMART_TUNER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """Calls ``smart-tuner`` with some arguments."""

    def call(*arguments: str | Path) -> Said:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Said(code, *capfd.readouterr())

    return call


@pytest.fixture
def python() -> Callable[..., subprocess.Popen[bytes]]:
    """Starts ``python`` with this checkout on its path."""

    def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": _ROOT}
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [sys.executable, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Who runs the tests in the background of a script has them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **options,
        )

    return start


@pytest.fixture
def database() -> Iterator[Database]:
    """The default database of the working directory."""
    with open_database("sqlite:///smart_tuner.db") as database:
        yield database


@pytest.fixture
def run_dir() -> Callable[[int, str], Path]:
    """Makes the run directory of a trial of a study, with a log and a checkpoint."""

    def make(number: int, study: str = "demo") -> Path:
        folder = Path("runs", study, str(number)).resolve()
        (folder / "checkpoints").mkdir(parents=True)
        (folder / "checkpoints" / "best.pt").write_bytes(b"x" * 1000)
        (folder / "trainer.log").write_text(f"шаг {number}\n", encoding="utf-8")
        return folder

    return make


@pytest.fixture
def study(database: Database, run_dir: Callable[[int], Path]) -> str:
    """A finished study: a good trial, a pruned probe, the best trial, a failed one."""
    Studies(database).create(
        StudyRecord(
            name="demo",
            state=StudyState.FINISHED,
            identity={"direction": "maximize"},
            trials_target=3,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        )
    )
    trials, best = Trials(database), run_dir(2)
    done = TrialRecord(study="demo", number=0, state=TrialState.COMPLETE, step=500)
    trials.insert(replace(done, value=0.75, params={"learning_rate": 0.006}))
    trials.insert(
        TrialRecord(
            study="demo",
            number=1,
            role=TrialRole.PROBE,
            state=TrialState.PRUNED,
            reason="gradient_explosion",
            evidence={"norm": float("inf")},
            step=31,
            params={"learning_rate": 0.3},
            run_dir=str(run_dir(1)),
        )
    )
    trials.insert(
        replace(
            done,
            number=2,
            value=0.91,
            params={"learning_rate": 0.004},
            metrics={"quality": 0.91, "mcd": float("nan")},
            run_dir=str(best),
            checkpoint=str(best / "checkpoints" / "best.pt"),
            alignment_png=str(best / "samples" / "alignment_0000500.png"),
            sample_wav=str(best / "samples" / "sample_0000500.wav"),
            status="STABLE",
        )
    )
    trials.insert(
        TrialRecord(study="demo", number=3, state=TrialState.FAILED, reason="crashed", step=7)
    )
    return "demo"


@pytest.fixture
def enter(database: Database) -> Callable[[str], ControllerRecord]:
    """Makes this process a controller of a study."""

    def make(study: str) -> ControllerRecord:
        host, pid, started_at = this_process()
        controller = ControllerRecord(
            id=uuid4().hex,
            study=study,
            host=host,
            pid=pid,
            process_started_at=started_at,
            eta_seconds=90.0,
        )
        return Controllers(database).enter(controller)

    return make


@pytest.fixture
def fall_silent(database: Database) -> Callable[[str], None]:
    """Makes it half a minute since the controllers of a study were last heard of."""

    def silence(study: str) -> None:
        before = utc_now() - timedelta(seconds=LOST_AFTER_SECONDS + 1)
        statement = update(ControllerRow).where(ControllerRow.study == study)
        database.execute(statement.values(heartbeat_at=before))

    return silence


@pytest.fixture
def running_study(
    database: Database,
    run_dir: Callable[[int, str], Path],
    enter: Callable[[str], ControllerRecord],
) -> str:
    """A study that this process runs, with one trial on its way."""
    Studies(database).create(StudyRecord(name="live", identity={"direction": "minimize"}))
    enter("live")
    folder = str(run_dir(0, "live"))
    Trials(database).insert(TrialRecord(study="live", number=0, run_dir=folder))
    Progress(database).upsert(
        ProgressRecord(study="live", number=0, step=40, steps=500, loss=1.5, gradient_norm=2.5)
    )
    return "live"


Answer = Callable[[CommandRecord], str]


@pytest.fixture
def answering() -> Callable[[Answer], AbstractContextManager[None]]:
    """Within the block every command of the study ``live`` is answered, as a controller does.

    What is called with the command gives the answer, or raises ``ValueError`` with the words of a
    refusal.
    """

    @contextmanager
    def answer(respond: Answer, after: float = 0.1) -> Iterator[None]:
        over = threading.Event()

        def run() -> None:
            with open_database("sqlite:///smart_tuner.db") as database:
                commands = Commands(database)
                while not over.wait(0.05):
                    for command in commands.pending("live"):
                        over.wait(after)
                        try:
                            words, state = respond(command), CommandState.DONE
                        except ValueError as error:
                            words, state = str(error), CommandState.REFUSED
                        assert commands.answer(command.id, state, words)

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(run)
            try:
                yield
            finally:
                over.set()
                future.result()

    return answer
