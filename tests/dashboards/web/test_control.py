"""The control pages: what they show, what they ask for, what is asked twice."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from werkzeug.test import Client

from storage.clock import utc_now
from storage.commands import Commands
from storage.controller_process import this_process
from storage.controllers import Controllers
from storage.database import Database
from storage.progress import Progress
from storage.records import CommandState, ControllerRecord, ProgressRecord, StudyState
from storage.studies import Studies
from storage.tables import CommandRow


@pytest.fixture
def control(study: str, database: Database) -> str:
    """The path of a study's page; a controller is there, and one trial on its way."""
    host, pid, started_at = this_process()
    Controllers(database).enter(
        ControllerRecord(
            id=uuid4().hex, study=study, host=host, pid=pid, process_started_at=started_at
        )
    )
    Progress(database).upsert(ProgressRecord(study=study, number=2, step=40, steps=500, loss=1.5))
    return f"/control/{quote(study)}"


def _send(client: Client, control: str, **fields: str) -> Any:
    headers = {"Sec-Fetch-Site": "same-origin"}
    return client.post(
        f"{control}/commands",
        data=fields,
        headers=headers,
        environ_overrides={"REMOTE_ADDR": "192.0.2.9"},
    )


def _off(page: str, button: str) -> bool:
    return "disabled" in page.partition(f'id="{button}"')[2].partition(">")[0]


def test_studies_are_listed(site: Client, study: str, control: str) -> None:
    page = site.get("/control").text
    assert study in page
    assert control in page
    assert "running" in page


def test_a_study_shows_its_trainers_and_its_buttons(site: Client, study: str, control: str) -> None:
    page = site.get(control).text
    assert study in page
    assert "40/500" in page
    assert '<a href="/dashboard/studies/1">' in page
    assert not _off(page, "pause")
    assert _off(page, "resume"), "it is not paused"
    assert not _off(page, "stop")
    assert not _off(page, "prune-2")
    assert "Nothing was asked for yet." in page


def test_what_is_asked_reaches_the_controller(
    site: Client, control: str, study: str, database: Database
) -> None:
    answer = _send(site, control, kind="pause")
    assert answer.status_code == 303
    (command,) = Commands(database).pending(study)
    assert (command.kind, command.source) == ("pause", "dashboard")
    assert command.requested_by == "browser at 192.0.2.9"
    Commands(database).answer(command.id, CommandState.DONE, "paused <b>")
    page = site.get(answer.location).text
    assert "paused &lt;b&gt;" in page


@pytest.mark.parametrize("fields", [{"kind": "stop"}, {"kind": "prune", "number": "2"}])
def test_what_cannot_be_taken_back_is_asked_twice(
    site: Client, control: str, study: str, database: Database, fields: dict[str, str]
) -> None:
    question = site.get(_send(site, control, **fields).location)
    assert f"Yes, {fields['kind']}" in question.text
    assert Commands(database).list_of(study) == []
    _send(site, control, confirmed="yes", **fields)
    (command,) = Commands(database).pending(study)
    assert (command.kind, command.number) == (fields["kind"], 2 if "number" in fields else None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "explode"}, "pause, resume, stop, prune"),
        ({}, "pause, resume, stop, prune"),
        ({"kind": "prune"}, "by its number"),
        ({"kind": "prune", "number": "two"}, "'two'"),
        ({"kind": "prune", "number": "-1"}, "'-1'"),
        ({"kind": "prune", "number": "9" * 40}, "by its number"),
    ],
)
def test_what_makes_no_sense_is_refused(
    site: Client, control: str, fields: dict[str, str], reason: str
) -> None:
    answer = _send(site, control, **fields)
    assert answer.status_code == 400
    assert reason in answer.json["reason"]


def test_an_unknown_study_is_not_found(site: Client) -> None:
    page = site.get("/control/nobody")
    assert page.status_code == 404
    assert "no study called" in page.text
    assert site.get("/control/nobody/live").status_code == 404
    assert _send(site, "/control/nobody", kind="pause").status_code == 404


def test_without_a_controller_the_buttons_are_off_and_say_why(site: Client, study: str) -> None:
    page = site.get(f"/control/{study}").text
    assert all(_off(page, button) for button in ("pause", "resume", "stop"))
    assert "smart-tuner start study" in page


def test_a_finished_study_is_not_asked_in_vain(
    site: Client, study: str, database: Database
) -> None:
    Studies(database).set_state(study, StudyState.FINISHED)
    _send(site, f"/control/{study}", kind="pause")
    (command,) = Commands(database).list_of(study)
    assert command.state is CommandState.REFUSED
    assert "is finished" in site.get(f"/control/{study}").text


def test_what_nobody_heard_expires(site: Client, study: str, database: Database) -> None:
    with database.session() as session:
        session.add(
            CommandRow(
                study=study,
                kind="pause",
                arguments={},
                requested_by="anna",
                source="dashboard",
                requested_at=utc_now() - timedelta(minutes=2),
                state=CommandState.PENDING,
            )
        )
    assert "expired" in site.get(f"/control/{study}/live").text


def test_in_read_only_mode_every_button_is_off(make_site: Any, control: str) -> None:
    page = make_site(read_only=True)[0].get(control).text
    assert all(_off(page, button) for button in ("pause", "resume", "stop", "prune-2"))
    assert "--read-only" in page
