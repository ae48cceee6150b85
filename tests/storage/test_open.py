"""Opening a database: what it makes, and every way in which it fails."""

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage.database import Database, open_database, open_existing
from storage.engine import build_engine, parse_url
from storage.errors import StorageError
from storage.records import StudyRecord
from storage.revisions import VERSION_TABLE
from storage.studies import Studies


def _refusal(url: str) -> str:
    with pytest.raises(StorageError) as caught:
        open_database(url)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_opened_twice_it_keeps_what_it_has(database_url: str) -> None:
    with open_database(database_url) as database:
        Studies(database).create(StudyRecord(name="demo"))

    with open_database(database_url) as database:
        assert [study.name for study in Studies(database).list_all()] == ["demo"]


def test_sqlite_pragmas(sqlite_database: Database) -> None:
    with sqlite_database.session() as session:
        values = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        }

    assert values == {
        "journal_mode": "wal", "busy_timeout": 30_000, "synchronous": 1, "foreign_keys": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "malformed"),
        ("study.db", "'study.db' is malformed: write it as sqlite:///"),
        ("postgresql://u:hunter2", "malformed"),
        ("postgresql://u:hunter2@h:port/d", "malformed"),
        ("oops://u:hunter2@h/d", "no database is called 'oops'"),
        ("postgresql+psycopg2://u:hunter2@h/d", "pip install 'smart-tuner[postgresql]'"),
        ("mysql://u:hunter2@h/d", "pip install pymysql"),
        ("postgresql+psycopg_async://u:hunter2@h/d", "asynchronous"),
        ("sqlite://", "keeps nothing"),
        ("sqlite:///:memory:", "keeps nothing"),
        ("sqlite:////no/such/directory/study.db", "'/no/such/directory' does not exist"),
        ("sqlite:////proc/study.db", "/proc"),
    ],
)
def test_refused_in_one_line_without_the_password(url: str, words: str) -> None:
    message = _refusal(url)

    assert words in message
    assert "hunter2" not in message


def test_directory_instead_of_a_file(tmp_path: Path) -> None:
    assert "is a directory" in _refusal(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("open_it", [open_database, open_existing])
def test_network_file_system(
    open_it: Callable[[str], Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {tmp_path} rw - nfs4 server:/export rw\n", encoding="utf-8")
    (tmp_path / "study.db").touch()
    monkeypatch.setattr("storage.file_systems._MOUNTS", mounts)

    with pytest.raises(StorageError) as caught:
        open_it(f"sqlite:///{tmp_path}/study.db")

    assert f"'{tmp_path}' lies on a network file system (nfs4)" in str(caught.value)
    assert "or a PostgreSQL database" in str(caught.value)


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Root may write everywhere: go on as nobody."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.fixture
def read_only_directory() -> Iterator[Path]:
    """Outside tmp_path, whose parents root keeps to itself."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o555)
        yield path
        path.chmod(0o755)


@pytest.mark.usefixtures("unprivileged")
def test_directory_that_cannot_be_written(read_only_directory: Path) -> None:
    message = _refusal(f"sqlite:///{read_only_directory}/study.db")

    assert f"'{read_only_directory}' can't be written" in message


def test_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_text("id|text\n" * 200, encoding="utf-8")

    message = _refusal(f"sqlite:///{path}")

    assert "file is not a database" in message
    assert "name another file" in message
    assert path.read_text(encoding="utf-8").startswith("id|text")


def test_server_that_refuses_the_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    message = _refusal(f"postgresql://u:hunter2@127.0.0.1:{port}/d?password=hunter2")

    assert "check that the server runs" in message
    assert "hunter2" not in message


def test_server_that_never_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()

        message = _refusal(
            f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=2"
        )

    assert time.monotonic() - began < 10
    assert "check that the server runs" in message


def test_a_server_that_vanishes_is_noticed(postgresql: Any) -> None:
    """The options reach the driver; those of the URL go before."""
    url = postgresql.create()  # type: ignore[attr-defined]
    engine = build_engine(parse_url(f"{url}&keepalives_idle=77"))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        parameters = driver.info.get_parameters()
    engine.dispose()

    assert parameters["keepalives_idle"] == "77"
    assert parameters["tcp_user_timeout"] == "25000"
    assert parameters["connect_timeout"] == "8"


def test_server_without_that_database(postgresql: Any) -> None:
    url = postgresql.url("nowhere")

    assert '"nowhere" does not exist' in _refusal(url)


def test_database_of_a_newer_version(database_url: str) -> None:
    with open_database(database_url) as database, database.session() as session:
        session.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))

    message = _refusal(database_url)

    assert "newer Smart Tuner" in message
    assert "pip install --upgrade smart-tuner" in message


def test_reader_creates_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no study has been started here yet"):
        open_existing(f"sqlite:///{tmp_path}/study.db")

    assert list(tmp_path.iterdir()) == []


def test_reader_creates_no_tables(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        Path(database_url.removeprefix("sqlite:///")).touch()

    for _ in range(2):  # a first reader that made tables would let the second one in
        with pytest.raises(StorageError, match="no study has been started here yet"):
            open_existing(database_url)


def test_reader_reads(database_url: str) -> None:
    with open_database(database_url) as database:
        Studies(database).create(StudyRecord(name="demo"))

    with open_existing(database_url) as reader:
        assert Studies(reader).get("demo") is not None


def test_lost_database_is_one_line(sqlite_database: Database) -> None:
    with sqlite_database.session() as session:
        session.execute(text("DROP TABLE tuner_commands"))
        session.execute(text("DROP TABLE tuner_progress"))
        session.execute(text("DROP TABLE tuner_events"))
        session.execute(text("DROP TABLE tuner_trials"))
        session.execute(text("DROP TABLE tuner_studies"))

    with pytest.raises(StorageError, match="no such table: tuner_studies"):
        Studies(sqlite_database).list_all()


def test_repr_hides_the_password(postgresql: Any) -> None:
    uri = postgresql.url("postgres")
    with open_database(uri.replace("postgres@", "postgres:hunter2@")) as database:
        assert "hunter2" not in repr(database) + database.safe_url
        assert database.url.password == "hunter2"
