import optuna
import pytest
from sqlalchemy import text

from storage.database import Database
from storage.errors import StorageError
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyRecord
from storage.studies import Studies


def test_both_live_in_one_database(database: Database) -> None:
    storage = optuna_storage(database)
    study = optuna.create_study(study_name="demo", storage=storage, direction="maximize")
    Studies(database).create(StudyRecord(name="demo"))
    trial = study.ask()
    trial.suggest_float("learning_rate", 1e-3, 1e-2, log=True)
    trial.report(0.3, step=50)
    study.tell(trial, 0.5)
    close_optuna_storage(storage)

    again = optuna_storage(database)
    loaded = optuna.load_study(study_name="demo", storage=again)
    assert loaded.best_value == 0.5
    assert loaded.trials[0].intermediate_values == {50: 0.3}
    close_optuna_storage(again)


def test_optunas_connections_have_the_same_pragmas(sqlite_database: Database) -> None:
    storage = optuna_storage(sqlite_database)
    with storage.engine.connect() as connection:
        values = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
        ]
    close_optuna_storage(storage)

    assert values == ["wal", 30_000, 1, 1]


def test_tables_of_another_optuna_are_one_clear_line(database: Database) -> None:
    close_optuna_storage(optuna_storage(database))
    with database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'v99.0.0'"))

    with pytest.raises(StorageError, match="pip install -U optuna") as caught:
        optuna_storage(database)

    assert "\n" not in str(caught.value)
