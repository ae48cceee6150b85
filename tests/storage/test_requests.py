"""Asking controllers: what is sent, and what is refused because nobody could do it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from storage.clock import utc_now
from storage.commands import EXPIRES_AFTER_SECONDS, Commands
from storage.controller_process import this_process
from storage.controllers import Controllers
from storage.database import Database
from storage.records import (
    CommandRecord,
    CommandState,
    ControllerRecord,
    StudyRecord,
    StudyState,
    TrialRecord,
    TrialState,
)
from storage.requests import expire_unheard, request
from storage.studies import Studies
from storage.tables import CommandRow
from storage.trials import Trials

Ask = Callable[..., CommandRecord]


@pytest.fixture
def ask(sqlite_database: Database) -> Ask:
    """Asks the controllers of a study that is in some state."""

    def send(state: StudyState, kind: str, number: int | None = None) -> CommandRecord:
        study = Studies(sqlite_database).create(StudyRecord(name="demo", state=state))
        ended = TrialRecord(study="demo", number=0, state=TrialState.PRUNED)
        Trials(sqlite_database).insert(ended)
        return request(
            sqlite_database, study, kind, requested_by="anna", source="dashboard", number=number
        )

    return send


def test_what_a_controller_could_do_is_pending(ask: Ask) -> None:
    sent = ask(StudyState.PAUSED, "resume")
    assert (sent.state, sent.kind, sent.requested_by) == (CommandState.PENDING, "resume", "anna")


@pytest.mark.parametrize(
    ("state", "kind", "number", "words"),
    [
        (StudyState.FINISHED, "pause", None, "study 'demo' is finished"),
        (StudyState.RUNNING, "prune", 7, "study 'demo' has no trial 7"),
        (StudyState.RUNNING, "prune", 0, "trial 0 has ended already (pruned)"),
    ],
)
def test_what_none_could_do_is_refused_at_once(
    ask: Ask, state: StudyState, kind: str, number: int | None, words: str
) -> None:
    sent = ask(state, kind, number)
    assert sent.state is CommandState.REFUSED
    assert words in (sent.answer or "")


def test_commands_expire_only_where_nobody_is_there(sqlite_database: Database, ask: Ask) -> None:
    sent = ask(StudyState.RUNNING, "pause")
    with sqlite_database.session() as session:
        row = session.get_one(CommandRow, sent.id)
        row.requested_at = utc_now() - timedelta(seconds=EXPIRES_AFTER_SECONDS + 1)
    host, pid, started_at = this_process()
    controller = ControllerRecord(
        id=uuid4().hex, study="demo", host=host, pid=pid, process_started_at=started_at
    )
    Controllers(sqlite_database).enter(controller)
    expire_unheard(sqlite_database, "demo")
    assert Commands(sqlite_database).pending("demo")
    Controllers(sqlite_database).leave(controller.id)
    expire_unheard(sqlite_database, "demo")
    assert not Commands(sqlite_database).pending("demo")
