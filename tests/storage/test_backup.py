"""Backup and restore: what goes in comes out, whichever databases lie between."""

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import optuna
import pytest
from sqlalchemy import text

from storage.attempts import Attempts
from storage.backup import backup
from storage.bot_chats import BotChats
from storage.bot_live import LiveMessage, LiveMessages
from storage.bot_outbox import BotMessage, Outbox
from storage.bot_updates import HandledUpdates
from storage.bot_watches import BotWatch, BotWatches
from storage.commands import Commands
from storage.controllers import Controllers
from storage.database import Database, open_database
from storage.errors import StorageError
from storage.events import Events
from storage.migrate import downgrade
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    ControllerRecord,
    EventRecord,
    ProgressRecord,
    StudyRecord,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.restore import restore
from storage.revisions import VERSION_TABLE
from storage.studies import Studies
from storage.trials import Trials

_MOMENT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)
_WEIRD = {"NaN": math.nan, "∞": [math.inf, -math.inf, 1e308, 5e-324, 0.1], "null": None, "ё": {}}


def _nobody(done: int, total: int) -> None:
    """No progress is shown."""


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives the URL of an empty database of a kind."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/new.db"
        return str(request.getfixturevalue("postgresql").create())

    return make


@pytest.fixture
def filled(sqlite_database: Database) -> Database:
    """A SQLite database in which every table has rows, of every kind of value."""
    _fill_ours(sqlite_database)
    _fill_bots(sqlite_database)
    _fill_optunas(sqlite_database)
    return sqlite_database


def _fill_ours(database: Database) -> None:
    Studies(database).create(
        StudyRecord(name="голос", identity=_WEIRD, created_at=_MOMENT, settings={"jobs": 3})
    )
    Controllers(database).enter(
        ControllerRecord(
            id="c" * 32, study="голос", host="h", pid=2**31 - 1, process_started_at=1.7e9 + 0.1
        )
    )
    trial = TrialRecord(study="голос", number=0, state=TrialState.COMPLETE, value=0.1 + 0.2)
    Trials(database).insert(trial)
    Trials(database).insert(
        TrialRecord(
            study="голос",
            number=1,
            role=TrialRole.PROBE,
            values=(0.5, math.inf),
            metrics={"mcd": math.nan},
            assessment=_WEIRD,
            started_at=_MOMENT,
        )
    )
    Progress(database).upsert(ProgressRecord(study="голос", number=1, step=7, loss=math.nan))
    Attempts(database).begin(
        AttemptRecord(study="голос", number=1, attempt=1, controller="c", host="h", gpus=2)
    )
    for number in range(3):
        Events(database).append([EventRecord(study="голос", kind="e", number=number, at=_MOMENT)])
    Commands(database).send("голос", "set", requested_by="я", source="cli", arguments=_WEIRD)


def _fill_bots(database: Database) -> None:
    group = -(2**52)
    BotChats(database).update(group, language="ru", muted_until=_MOMENT)
    BotWatches(database).save(BotWatch(study="голос", event_id=3, best_value=0.1 + 0.2))
    Outbox(database).add(
        [BotMessage(chat=group, key="k", study="голос", kind="best", payload=_WEIRD)]
    )
    live = LiveMessage(chat=group, study="голос", message_id=2**52, digest="d")
    LiveMessages(database).save(live)
    HandledUpdates(database).add("1")


def _fill_optunas(database: Database) -> None:
    storage = optuna_storage(database)
    study = optuna.create_study(study_name="голос", storage=storage, direction="maximize")
    study.set_user_attr("note", _WEIRD["ё"])
    for value in (math.inf, 0.1 + 0.2, -math.inf):
        trial = study.ask()
        trial.suggest_float("learning_rate", 1e-5, 1, log=True)
        trial.suggest_categorical("symbols", ["ru", "en"])
        trial.set_user_attr("restarts", 2)
        for step, report in enumerate((0.5, math.nan, math.inf, -math.inf)):
            trial.report(report, step)
        study.tell(trial, value)
    running = study.ask()
    running.report(0.25, 1)
    storage.set_study_system_attr(study._study_id, "system", [1])
    storage.set_trial_system_attr(running._trial_id, "constraints", [0.5])
    storage.record_heartbeat(running._trial_id)
    close_optuna_storage(storage)


def _rows(file: Path) -> dict[str, list[dict[str, object]]]:
    """All that is in a SQLite database, as SQLite keeps it.

    But for the one column that SQLite filled itself, where it leaves out the zeros of a moment.
    """
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master"
                                                      " WHERE type = 'table'")]  # fmt: skip
        rows = {
            name: sorted(map(dict, connection.execute(f"SELECT * FROM {name}")), key=str)
            for name in names
        }
    for row in rows.get("trial_heartbeats", ()):
        row["heartbeat"] = str(row["heartbeat"]).removesuffix(".000000")
    return rows


def _optunas_trials(database: Database) -> list[optuna.trial.FrozenTrial]:
    storage = optuna_storage(database)
    trials = optuna.load_study(study_name="голос", storage=storage).trials
    close_optuna_storage(storage)
    return trials


def test_from_sqlite_to_postgresql_and_back(
    filled: Database, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    first, second, last = (tmp_path / f"{name}.db" for name in ("first", "second", "last"))
    server = new_url("postgresql")
    before = _rows(tmp_path / "study.db")
    assert all(before.values()), [name for name, rows in before.items() if not rows]

    assert backup(str(filled.url), first, replace=False, progress=_nobody) == ["голос"]
    assert restore(first, server, _nobody) == ["голос"]
    assert backup(server, second, replace=False, progress=_nobody) == ["голос"]
    restore(second, f"sqlite:///{last}", _nobody)

    assert _rows(first) == before
    assert _rows(second) == before
    assert _rows(last) == before
    with open_database(server) as database:
        assert str(Trials(database).list_of("голос")) == str(Trials(filled).list_of("голос"))
        assert str(_optunas_trials(database)) == str(_optunas_trials(filled))


def test_a_restored_study_goes_on(filled: Database, database_url: str, tmp_path: Path) -> None:
    """Ids follow the greatest that was restored."""
    backup(str(filled.url), tmp_path / "copy.db", replace=False, progress=_nobody)
    elsewhere = database_url.replace("study.db", "elsewhere.db")
    restore(tmp_path / "copy.db", elsewhere, _nobody)

    with open_database(elsewhere) as database:
        storage = optuna_storage(database)
        study = optuna.load_study(study_name="голос", storage=storage)
        trial = study.ask()
        trial.suggest_float("learning_rate", 1e-5, 1, log=True)
        trial.report(0.5, 1)
        study.tell(trial, 0.75)
        optuna.create_study(study_name="another", storage=storage)
        close_optuna_storage(storage)
        Events(database).append([EventRecord(study="голос", kind="later")])
        Commands(database).send("голос", "stop", requested_by="я", source="cli")

        assert [event.id for event in Events(database).list_of("голос")] == [1, 2, 3, 4]
        assert trial.number == 4


def test_a_backup_shows_one_moment(
    database: Database, study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written while it is made is not in it, and nobody waits for it."""
    monkeypatch.setattr("storage.backup_file._PAGES", 1)
    monkeypatch.setattr("storage.copying._CHUNK", 2)
    events = Events(database)
    events.append([EventRecord(study=study, kind="before") for _ in range(5)])
    steps = 0

    def write(done: int, total: int) -> None:
        nonlocal steps
        steps += 1
        events.append([EventRecord(study=study, kind="meanwhile")])

    url = database.url.render_as_string(hide_password=False)
    backup(url, tmp_path / "copy.db", replace=False, progress=write)

    assert steps > 3
    assert len(events.list_of(study)) == 5 + steps
    kinds = [row["kind"] for row in _rows(tmp_path / "copy.db")["tuner_events"]]
    assert kinds == ["before"] * 5


def test_nothing_is_left_of_one_that_failed(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(str(filled.url), tmp_path / "copy.db", replace=False, progress=interrupt)

    assert not [path.name for path in tmp_path.iterdir() if "copy" in path.name]


class TestWhereTo:
    def test_a_file_is_not_replaced_unasked(self, filled: Database, tmp_path: Path) -> None:
        file = tmp_path / "copy.db"
        file.write_text("precious", encoding="utf-8")

        with pytest.raises(StorageError, match=r"it is there already: .* --force"):
            backup(str(filled.url), file, replace=False, progress=_nobody)
        assert file.read_text(encoding="utf-8") == "precious"

        assert backup(str(filled.url), file, replace=True, progress=_nobody) == ["голос"]

    def test_never_the_database_itself(self, filled: Database, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="that is the database itself"):
            backup(str(filled.url), tmp_path / "study.db", replace=True, progress=_nobody)
        assert Studies(filled).list_all()

    def test_no_database_in_use_is_replaced(self, filled: Database, tmp_path: Path) -> None:
        with open_database(f"sqlite:///{tmp_path}/other.db") as other:
            Studies(other).create(StudyRecord(name="theirs"))
            with pytest.raises(StorageError, match="a database in use"):
                backup(str(filled.url), tmp_path / "other.db", replace=True, progress=_nobody)
            assert [study.name for study in Studies(other).list_all()] == ["theirs"]

    def test_a_directory_or_none(self, filled: Database, tmp_path: Path) -> None:
        for file, words in ((tmp_path, "a directory"), (tmp_path / "no" / "x", "does not exist")):
            with pytest.raises(StorageError, match=words):
                backup(str(filled.url), file, replace=True, progress=_nobody)

    def test_it_is_one_file(self, filled: Database, tmp_path: Path) -> None:
        backup(str(filled.url), tmp_path / "copy.db", replace=False, progress=_nobody)

        assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.db"]
        with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_no_study_to_back_up(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no study has been started here yet"):
        backup(database_url, tmp_path / "copy.db", replace=False, progress=_nobody)


class TestRestore:
    @pytest.fixture
    def copy(self, filled: Database, tmp_path: Path) -> Path:
        file = tmp_path / "copy.db"
        backup(str(filled.url), file, replace=False, progress=_nobody)
        return file

    def test_nothing_is_overwritten(self, copy: Path, database: Database, study: str) -> None:
        Studies(database).update(study, config={"precious": True})
        url = database.url.render_as_string(hide_password=False)

        with pytest.raises(StorageError, match=rf"it holds studies already \(.*{study}"):
            restore(copy, url, _nobody)

        kept = Studies(database).get(study)
        assert kept is not None
        assert kept.config == {"precious": True}

    def test_a_study_of_optunas_alone_counts(
        self, copy: Path, new_url: Callable[[str], str]
    ) -> None:
        url = new_url("sqlite")
        with open_database(url) as database:
            storage = optuna_storage(database)
            optuna.create_study(study_name="theirs", storage=storage)
            close_optuna_storage(storage)

        with pytest.raises(StorageError, match=r"studies already \(theirs\)"):
            restore(copy, url, _nobody)

    @pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
    def test_all_or_nothing(self, copy: Path, kind: str, new_url: Callable[[str], str]) -> None:
        url = new_url(kind)

        def interrupt(done: int, total: int) -> None:
            if done > total / 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            restore(copy, url, interrupt)

        assert restore(copy, url, _nobody) == ["голос"]

    def test_the_backup_stays_as_it_is(self, copy: Path, new_url: Callable[[str], str]) -> None:
        before = copy.read_bytes()
        restore(copy, new_url("sqlite"), _nobody)
        assert copy.read_bytes() == before

    def test_of_an_older_version(
        self, filled: Database, new_url: Callable[[str], str], tmp_path: Path
    ) -> None:
        file, url = tmp_path / "old.db", new_url("sqlite")
        downgrade(filled.engine, "0001")
        backup(str(filled.url), file, replace=False, progress=_nobody)
        before = file.read_bytes()

        assert restore(file, url, _nobody) == ["голос"]

        with open_database(url) as database:
            assert [trial.number for trial in Trials(database).list_of("голос")] == [0, 1]
        assert file.read_bytes() == before

    def test_of_a_newer_version(self, copy: Path, new_url: Callable[[str], str]) -> None:
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")

        with pytest.raises(StorageError, match=r"copy.db: written by a newer Smart Tuner"):
            restore(copy, new_url("sqlite"), _nobody)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"id|text\n" * 200, "not a database"),
            (b"", "no studies' tables"),
            (None, "no such file"),
        ],
    )
    def test_of_another_file(
        self, content: bytes | None, words: str, new_url: Callable[[str], str], tmp_path: Path
    ) -> None:
        file = tmp_path / "other"
        if content is not None:
            file.write_bytes(content)

        with pytest.raises(StorageError, match=words):
            restore(file, new_url("sqlite"), _nobody)

        assert not (tmp_path / "new.db").exists()


def test_an_old_postgresql_database_is_backed_up_as_it_is(
    database: Database, study: str, tmp_path: Path
) -> None:
    downgrade(database.engine, "0001")
    url = database.url.render_as_string(hide_password=False)

    backup(url, tmp_path / "copy.db", replace=False, progress=_nobody)

    with database.engine.connect() as connection:
        assert connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == "0001"
    assert _rows(tmp_path / "copy.db")[VERSION_TABLE] == [{"version_num": "0001"}]
    assert [row["name"] for row in _rows(tmp_path / "copy.db")["tuner_studies"]] == [study]
