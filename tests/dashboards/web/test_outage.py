"""A database that goes away and comes back while the server runs."""

import logging
from typing import Any

import optuna
import pytest
from werkzeug.test import Client

from dashboards.web.application import make_application
from dashboards.web.settings import WebSettings
from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyRecord, TrialRecord
from storage.studies import Studies
from storage.trials import Trials


def optuna_study(name: str, database: Database) -> None:
    """Optuna's side of a study with one running trial."""
    storage = optuna_storage(database)
    optuna.create_study(study_name=name, storage=storage).ask()
    close_optuna_storage(storage)


def test_a_server_that_is_away_is_one_line_and_no_traceback(
    restartable_postgresql: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = restartable_postgresql.create()
    try:
        with open_database(url) as database:
            Studies(database).create(StudyRecord(name="demo"))
            Trials(database).insert(TrialRecord(study="demo", number=0))
            optuna_study("demo", database)
            client = Client(make_application(database, WebSettings()).guarded)
            (trial,) = client.get("/api/studies/1").json["trials"]
            assert "Trial 0" in trial["note"]["body"]
            restartable_postgresql.stop()
            caplog.set_level(logging.WARNING)
            for path in ("/api/studies", "/control/demo", "/control", "/dashboard", "/csv/1"):
                answer = client.get(path)
                assert answer.status_code == 503, path
                assert answer.text.count("the database is away") == 1
            assert client.get("/healthz").status_code == 200
            restartable_postgresql.start()
            assert client.get("/control/demo").status_code == 200
    finally:
        restartable_postgresql.start()
        restartable_postgresql.drop(url)
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    lines = [record.getMessage() for record in records]
    assert len(lines) == 2
    assert lines[0].startswith("the database is away: postgresql+psycopg://")
    assert lines[1] == "the database answers again"
    assert not any(record.exc_info for record in caplog.records)
