"""A database with a small study of ours and of Optuna's, its run directories, and the web server's
application on it."""

import shutil
import struct
import wave
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from werkzeug.test import Client

from dashboards.web.application import Applications, make_application
from dashboards.web.settings import WebSettings
from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyRecord, StudyState, TrialRecord, TrialState
from storage.studies import Studies
from storage.trials import Trials

STUDY = "голос 1"
PASSWORD = "correct horse"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the database, made once: every test has a copy."""
    path = tmp_path_factory.mktemp("made") / "study.db"
    with open_database(f"sqlite:///{path}") as database:
        _create(database)
        storage = optuna_storage(database)
        _teach_optuna(optuna.create_study(study_name=STUDY, storage=storage, direction="maximize"))
        close_optuna_storage(storage)
    return path


@pytest.fixture
def database(_made: Path, tmp_path: Path) -> Iterator[Database]:
    """With the study, whose runs are not there yet."""
    path = tmp_path / "study.db"
    shutil.copyfile(_made, path)
    with open_database(f"sqlite:///{path}") as database:
        for number in range(3):
            run_dir = str(tmp_path / "runs" / STUDY / str(number))
            Trials(database).update(STUDY, number, run_dir=run_dir)
        yield database


@pytest.fixture
def study(database: Database, tmp_path: Path) -> str:
    """Trial 0 is complete, trial 1 had not enough memory, trial 2 is running."""
    for number in range(3):
        write_run(tmp_path / "runs" / STUDY / str(number))
    return STUDY


def _create(database: Database) -> None:
    identity = {"objective": ["quality"], "direction": "maximize"}
    Studies(database).create(StudyRecord(name=STUDY, state=StudyState.RUNNING, identity=identity))
    for number, state in enumerate((TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)):
        Trials(database).insert(TrialRecord(study=STUDY, number=number, state=state))


def _teach_optuna(study: optuna.Study) -> None:
    for value in (0.9, None, None):
        trial = study.ask()
        trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        if trial.number == 1:
            trial.set_constraint("memory", 1.0)
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        elif value is not None:
            study.tell(trial, value)


def write_run(folder: Path) -> Path:
    """A run directory with two evaluations, a debug report and a checkpoint."""
    samples, report = folder / "samples", folder / "debug" / "01_step_0000006_non_finite"
    for one in (samples, report, folder / "checkpoints"):
        one.mkdir(parents=True)
    for step in (50, 1000):
        write_png(samples / f"alignment_{step:07d}.png")
        write_wav(samples / f"sample_{step:07d}.wav")
    (samples / ".alignment_0000050-ab12.png").write_bytes(b"half")
    (report / "report.json").write_text("{}")
    (report / "page.html").write_text("<script>alert(1)</script>")
    (folder / "debug" / "stalled_1.txt").write_text("where it hung")
    (folder / "checkpoints" / "best.pt").write_bytes(b"weights")
    (folder / "hparams.yaml").write_text("learning_rate: 0.1\n")
    return folder


def write_wav(path: Path, seconds: float = 0.5) -> None:
    """Silence at 22,050 Hz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(bytes(2 * int(22050 * seconds)))


def write_png(path: Path) -> None:
    """One black pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


MakeSite = Callable[..., tuple[Client, Applications]]


@pytest.fixture
def make_site(database: Database, study: str) -> MakeSite:
    """The application as it is served with some settings, and a browser of its own."""

    def make(**settings: Any) -> tuple[Client, Applications]:
        applications = make_application(database, WebSettings(**settings))
        return Client(applications.guarded), applications

    return make


@pytest.fixture
def site(make_site: MakeSite) -> Client:
    """Reached from this machine alone, without a password."""
    return make_site()[0]


@pytest.fixture
def same_site() -> dict[str, str]:
    """What a browser says of a request that a page of the server makes."""
    return SAME_SITE


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture
def log_in() -> Callable[..., Any]:
    """Logs a browser in; the answer."""

    def enter(client: Client, password: str = PASSWORD, **options: Any) -> Any:
        data = {"password": password}
        return client.post("/login", data=data, headers=SAME_SITE, **options)

    return enter
