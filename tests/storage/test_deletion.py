import optuna
import pytest
from sqlalchemy import func, select

from storage.attempts import Attempts
from storage.bot_live import LiveMessage, LiveMessages
from storage.bot_outbox import BotMessage, Outbox
from storage.bot_watches import BotWatch, BotWatches
from storage.commands import Commands
from storage.controllers import Controllers
from storage.database import Database
from storage.deletion import delete_study
from storage.errors import StudyNotFoundError
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.progress import Progress
from storage.records import (
    AttemptRecord,
    ControllerRecord,
    EventRecord,
    ProgressRecord,
    StudyRecord,
    TrialRecord,
)
from storage.studies import Studies
from storage.tables import Base
from storage.trials import Trials

OF_NO_STUDY = {"tuner_bot_chats", "tuner_bot_updates"}


def _fill(database: Database, name: str) -> None:
    Studies(database).create(StudyRecord(name=name))
    Trials(database).insert(TrialRecord(study=name, number=0))
    Controllers(database).enter(
        ControllerRecord(id=name, study=name, host="h", pid=1, process_started_at=1.0)
    )
    Attempts(database).begin(
        AttemptRecord(study=name, number=0, attempt=1, controller=name, host="h")
    )
    Progress(database).upsert(ProgressRecord(study=name, number=0))
    Events(database).append([EventRecord(study=name, kind="asked", number=0)])
    Commands(database).send(name, "stop", requested_by="test", source="cli")
    BotWatches(database).save(BotWatch(study=name))
    Outbox(database).add([BotMessage(chat=1, key=name, study=name, kind="best")])
    LiveMessages(database).save(LiveMessage(chat=1, study=name, message_id=1, digest="d"))
    storage = optuna_storage(database)
    trial = optuna.create_study(study_name=name, storage=storage).ask()
    trial.suggest_float("learning_rate", 0, 1)
    trial.report(0.5, 1)
    close_optuna_storage(storage)


def _sizes(database: Database) -> set[int]:
    with database.session() as session:
        tables = [one for one in Base.metadata.sorted_tables if one.name not in OF_NO_STUDY]
        return {session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_delete_takes_all_of_it_and_no_other(database: Database) -> None:
    _fill(database, "demo")
    _fill(database, "other")
    assert _sizes(database) == {2}

    delete_study(database, "demo")

    assert _sizes(database) == {1}
    storage = optuna_storage(database)
    assert optuna.get_all_study_names(storage) == ["other"]
    close_optuna_storage(storage)
    with pytest.raises(StudyNotFoundError, match="'demo'; there are: 'other'"):
        delete_study(database, "demo")
