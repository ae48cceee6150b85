from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.clock import utc_now
from storage.controller_process import ControllerProcess, this_process
from storage.database import Database
from storage.errors import StudyExistsError, StudyNotFoundError
from storage.records import (
    StudyRecord,
    StudyState,
)
from storage.studies import Studies


def test_comes_back_as_it_was(database: Database) -> None:
    study = StudyRecord(
        name="Голос №1",
        state=StudyState.PAUSED,
        identity={"direction": "maximize", "space": {"learning_rate": [1e-3, 2e-2]}},
        config={"study": {"name": "Голос №1", "timeout": None}},
        trials_target=12,
        eta_seconds=90.5,
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
    Studies(database).set_state(study, StudyState.STOPPED)

    after = Studies(database).get(study)
    assert after is not None
    assert (after.config, after.identity) == ({"new": 1.0}, {"a": "b"})
    assert after.state is StudyState.STOPPED
    assert after.updated_at > after.created_at


def test_update_of_nothing_names_what_there_is(database: Database, study: str) -> None:
    with pytest.raises(StudyNotFoundError, match=f"no study called 'other'; there are: '{study}'"):
        Studies(database).set_state("other", StudyState.STOPPED)


def test_heartbeat_says_who_and_when(database: Database, study: str) -> None:
    before = utc_now()

    Studies(database).heartbeat(study, 42.0, *this_process())

    after = Studies(database).get(study)
    assert after is not None
    assert after.heartbeat_at is not None
    assert before <= after.heartbeat_at <= utc_now()
    assert after.eta_seconds == 42.0
    process = (after.controller_host, after.controller_pid, after.controller_started_at)
    assert process == this_process()


def test_times_of_another_zone_come_back_in_utc(database: Database) -> None:
    moscow = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=3)))
    Studies(database).create(StudyRecord(name="demo", created_at=moscow))

    after = Studies(database).get("demo")
    assert after is not None
    assert after.created_at == moscow
    assert after.created_at.utcoffset() == timedelta(0)


class TestClaim:
    OTHER = ControllerProcess("another-host", 1, 1.0)

    def test_a_new_study_is_anybodys(self, database: Database, study: str) -> None:
        assert Studies(database).claim(study, this_process())
        assert Studies(database).claim(study, this_process())

    def test_a_living_controller_keeps_it(self, database: Database, study: str) -> None:
        assert Studies(database).claim(study, self.OTHER)

        assert not Studies(database).claim(study, this_process())

    def test_a_silent_controller_loses_it(self, database: Database, study: str) -> None:
        Studies(database).claim(study, self.OTHER)
        Studies(database).update(study, heartbeat_at=utc_now() - timedelta(seconds=31))

        assert Studies(database).claim(study, this_process())
        after = Studies(database).get(study)
        assert after is not None
        assert after.controller_pid == this_process().pid

    def test_a_stopped_study_runs_again(self, database: Database, study: str) -> None:
        Studies(database).claim(study, self.OTHER)
        Studies(database).set_state(study, StudyState.STOPPED)

        assert Studies(database).claim(study, this_process())
        after = Studies(database).get(study)
        assert after is not None
        assert after.state is StudyState.RUNNING

    def test_one_of_two_at_the_same_moment(self, database: Database, study: str) -> None:
        other = self.OTHER

        class Slow(Studies):
            """Between its look at the study and its claim another controller is quicker."""

            def get(self, name: str) -> StudyRecord | None:
                seen = super().get(name)
                assert Studies(database).claim(name, other)
                return seen

        assert not Slow(database).claim(study, this_process())
        after = Studies(database).get(study)
        assert after is not None
        assert after.controller_host == other.host

    def test_no_study(self, database: Database) -> None:
        with pytest.raises(StudyNotFoundError):
            Studies(database).claim("demo", this_process())
