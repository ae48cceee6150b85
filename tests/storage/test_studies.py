from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.clock import utc_now
from storage.database import Database
from storage.errors import StudyExistsError, StudyNotFoundError
from storage.records import StudyRecord, StudyState
from storage.studies import Studies


def test_comes_back_as_it_was(database: Database) -> None:
    study = StudyRecord(
        name="Голос №1",
        state=StudyState.PAUSED,
        identity={"direction": "maximize", "space": {"learning_rate": [1e-3, 2e-2]}},
        config={"study": {"name": "Голос №1", "timeout": None}},
        trials_target=12,
        settings={"trials": 80, "timeout": None},
        asking="a" * 32,
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )

    Studies(database).create(study)

    assert Studies(database).get("Голос №1") == study


def test_absent_is_none(database: Database) -> None:
    assert Studies(database).get("demo") is None
    assert Studies(database).list_all() == []


def test_a_name_is_taken_once(database: Database, study: str) -> None:
    with pytest.raises(StudyExistsError, match="'demo' exists already"):
        Studies(database).create(StudyRecord(name=study))


def test_list_is_oldest_first(database: Database) -> None:
    for name, age in (("b", 1), ("a", 2), ("c", 3)):
        created = utc_now() - timedelta(hours=age)
        Studies(database).create(StudyRecord(name=name, created_at=created))

    assert [study.name for study in Studies(database).list_all()] == ["c", "a", "b"]


def test_update_changes_what_it_names(database: Database, study: str) -> None:
    Studies(database).update(study, config={"new": 1.0}, trials_target=None, identity={"a": "b"})
    Studies(database).update(study, settings={"budget": 2.5})
    Studies(database).set_state(study, StudyState.STOPPED)

    after = Studies(database).get(study)
    assert after is not None
    assert (after.config, after.identity) == ({"new": 1.0}, {"a": "b"})
    assert after.settings == {"budget": 2.5}
    assert after.state is StudyState.STOPPED
    assert after.updated_at > after.created_at


def test_update_of_nothing_names_what_there_is(database: Database, study: str) -> None:
    with pytest.raises(StudyNotFoundError, match=f"no study called 'other'; there are: '{study}'"):
        Studies(database).set_state("other", StudyState.STOPPED)


def test_times_of_another_zone_come_back_in_utc(database: Database) -> None:
    moscow = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=3)))
    Studies(database).create(StudyRecord(name="demo", created_at=moscow))

    after = Studies(database).get("demo")
    assert after is not None
    assert after.created_at == moscow
    assert after.created_at.utcoffset() == timedelta(0)


def test_a_state_is_changed_from_the_one_seen(database: Database, study: str) -> None:
    studies = Studies(database)

    assert studies.change_state(study, StudyState.RUNNING, StudyState.PAUSING)
    assert not studies.change_state(study, StudyState.RUNNING, StudyState.STOPPING)
    assert not studies.change_state("nowhere", StudyState.RUNNING, StudyState.STOPPING)

    after = studies.get(study)
    assert after is not None
    assert after.state is StudyState.PAUSING
    assert after.updated_at > after.created_at


@pytest.mark.parametrize("state", [s for s in StudyState if s != StudyState.CONTROLLER_LOST])
def test_every_state_is_kept(database: Database, study: str, state: StudyState) -> None:
    Studies(database).set_state(study, state)

    after = Studies(database).get(study)
    assert after is not None
    assert after.state is state
