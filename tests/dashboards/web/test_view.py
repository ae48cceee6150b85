"""What optuna-dashboard is told beside Optuna's own: notes, figures, artifacts, constraints."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from bottle import HTTPError
from optuna.trial import TrialState
from sqlalchemy import event
from werkzeug.test import Client

from dashboards.web import study_detail, view
from dashboards.web.artifacts import RunArtifacts
from dashboards.web.run_folders import RunFolders
from dashboards.web.view import RunsStorage
from storage.database import Database
from storage.optuna_storage import close_optuna_storage, optuna_storage_of


@pytest.fixture
def storage(database: Database, study: str) -> Iterator[RunsStorage]:
    artifacts = RunArtifacts(RunFolders(database, None))

    def make(url: str, **options: Any) -> RunsStorage:
        return RunsStorage(url, database=database, artifacts=artifacts, **options)

    storage = optuna_storage_of(database, make)
    yield storage
    close_optuna_storage(storage)


def test_a_study_has_note_figures_and_a_name_for_its_values(site: Client, study: str) -> None:
    detail = site.get("/api/studies/1").json
    assert detail["note"]["version"] == 0
    assert study in detail["note"]["body"]
    assert detail["objective_names"] == ["quality"]
    figures = [figure["id"] for figure in detail["plotly_graph_objects"]]
    assert figures[:2] == ["gradient-norm", "diagonality"]


def test_trials_have_notes_and_artifacts(site: Client) -> None:
    detail = site.get("/api/studies/1").json
    for trial in detail["trials"]:
        assert f"Trial {trial['number']}" in trial["note"]["body"]
        assert len(trial["artifacts"]) == 7
    assert detail["best_trials"][0]["artifacts"] == detail["trials"][0]["artifacts"]
    sound = next(one for one in detail["trials"][0]["artifacts"] if "speech" in one["filename"])
    assert site.get(f"/artifacts/1/1/{sound['artifact_id']}").mimetype == "audio/wav"


def test_constraints_show(site: Client) -> None:
    constraints = [trial["constraints"] for trial in site.get("/api/studies/1").json["trials"]]
    assert constraints == [[], [1.0], []]


def test_nothing_of_it_is_written(site: Client, database: Database) -> None:
    written: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            written.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    site.get("/api/studies/1")
    assert written == []
    study = optuna.load_study(study_name=None, storage=database.url.render_as_string(False))
    assert study._storage.get_study_system_attrs(1) == {}


@pytest.mark.parametrize("path", ["/api/studies/1/note", "/api/studies/1/1/note"])
def test_a_persons_note_stays_until_it_is_emptied(
    site: Client, same_site: dict[str, str], path: str
) -> None:
    def shown() -> dict[str, Any]:
        detail = site.get("/api/studies/1").json
        note: dict[str, Any] = (detail if path.count("/") == 4 else detail["trials"][0])["note"]
        return note

    def save(version: int, body: str) -> int:
        note = {"version": version, "body": body}
        return site.put(path, json=note, headers=same_site).status_code

    ours = shown()["body"]
    assert ours
    assert save(1, "sounds like my aunt") == 204
    assert shown() == {"version": 1, "body": "sounds like my aunt"}
    assert save(1, "somebody else's") == 409
    assert save(2, "") == 204
    assert shown()["version"] == 2
    assert shown()["body"] == ours


def test_studies_that_are_not_ours_stay_as_they_are(site: Client, database: Database) -> None:
    optuna.create_study(study_name="theirs", storage=database.url.render_as_string(False))
    detail = site.get("/api/studies/2").json
    assert detail["note"] == {"version": 0, "body": ""}
    assert detail["plotly_graph_objects"] == []
    assert site.get("/api/studies/3").status_code == 404


def test_ended_trials_are_read_once(storage: RunsStorage, study: str) -> None:
    first = storage.get_all_trials(1, deepcopy=False)
    again = storage.get_all_trials(1, deepcopy=False)
    assert [one.number for one in again] == [0, 1, 2]
    assert [a is b for a, b in zip(first, again, strict=True)] == [True, True, False]
    assert storage.get_all_trials(1, states=(TrialState.RUNNING,))[0].number == 2


def test_a_change_is_seen(storage: RunsStorage, study: str, database: Database) -> None:
    storage.get_all_trials(1)
    ours = optuna.load_study(study_name=study, storage=database.url.render_as_string(False))
    ours.tell(2, 0.95)
    ours.ask()
    assert [one.state.name for one in storage.get_all_trials(1)] == [
        "COMPLETE",
        "FAIL",
        "COMPLETE",
        "RUNNING",
    ]
    assert storage.get_all_trials(1)[2].value == 0.95


def test_a_deleted_studys_trials_are_forgotten_though_ids_come_again(
    storage: RunsStorage, study: str, database: Database
) -> None:
    storage.get_all_trials(1)
    url = database.url.render_as_string(False)
    optuna.delete_study(study_name=study, storage=url)
    anew = optuna.create_study(study_name="anew", storage=url)
    anew.tell(anew.ask(), 0.1)
    assert anew._study_id == 1
    assert [one.value for one in storage.get_all_trials(1)] == [0.1]


def test_many_trials_are_read_in_one_go(
    storage: RunsStorage, study: str, database: Database, tmp_path: Path
) -> None:
    ours = optuna.load_study(study_name=study, storage=database.url.render_as_string(False))
    ours.add_trials([optuna.trial.create_trial(value=0.5)] * 60)
    numbers = [one.number for one in storage.get_all_trials(1)]
    assert numbers == list(range(63))


def test_who_waits_long_for_a_studys_trials_is_told_so(
    storage: RunsStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "_PATIENCE_SECONDS", 0.05)
    reading, told = threading.Event(), threading.Event()

    def read_slowly(*_: Any, **__: Any) -> dict[int, Any]:
        reading.set()
        told.wait(30)
        return {}

    monkeypatch.setattr(view, "trial_stamps", read_slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(storage.get_all_trials, 1)
        reading.wait(30)
        with pytest.raises(HTTPError) as refused:
            storage.get_all_trials(1)
        told.set()
        assert first.result() == []
    assert refused.value.status_code == 503


def test_a_study_of_many_trials_shows_less_of_each(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_detail, "_SHOWN_WHOLE", 1)
    monkeypatch.setattr(study_detail, "_NOTES_SECONDS", -1.0)
    detail = site.get("/api/studies/1").json
    best, pruned, running = detail["trials"]
    assert len(detail["best_trials"][0]["artifacts"]) == 7
    assert len(running["artifacts"]) == 7, "what runs is shown whole"
    names = [one["filename"] for one in pruned["artifacts"]]
    assert len(names) == 5
    assert not any(name.startswith("step") for name in names)
    assert "load the page again" in best["note"]["body"]
