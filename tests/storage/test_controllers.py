import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psutil
import pytest
from sqlalchemy.exc import IntegrityError

from storage.clock import utc_now
from storage.controller_process import LOST_AFTER_SECONDS, is_gone, is_lost, this_process
from storage.controllers import Controllers
from storage.database import Database
from storage.records import ControllerRecord, StudyRecord, StudyState
from storage.studies import Studies


def _here(controller_id: str, **fields: Any) -> ControllerRecord:
    """A controller in the present process."""
    host, pid, started_at = this_process()
    known = {"study": "demo", "host": host, "pid": pid, "process_started_at": started_at}
    return ControllerRecord(id=controller_id, **{**known, **fields})


def _elsewhere(controller_id: str, **fields: Any) -> ControllerRecord:
    return _here(controller_id, **{"host": "another-host", "pid": 1, **fields})


def _ids(controllers: list[ControllerRecord]) -> list[str]:
    return [controller.id for controller in controllers]


def test_comes_back_as_it_was(database: Database, study: str) -> None:
    entered = _here("a" * 32, slots=4, eta_seconds=90.5)

    assert Controllers(database).enter(entered) == entered

    assert Controllers(database).get("a" * 32) == entered
    assert Controllers(database).get("b") is None


def test_several_run_one_study(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    controllers = Controllers(database)
    now = utc_now()
    controllers.enter(_elsewhere("second", entered_at=now))
    controllers.enter(_here("first", entered_at=now - timedelta(seconds=5)))
    controllers.enter(_here("another", study="other"))

    assert _ids(controllers.list_of(study)) == ["first", "second"]
    assert _ids(controllers.live(study)) == ["first", "second"]


def test_a_controller_needs_its_study_and_its_own_id(database: Database, study: str) -> None:
    Controllers(database).enter(_here("a"))

    for wrong in (_here("b", study="nowhere"), _here("a")):
        with pytest.raises(IntegrityError):
            Controllers(database).enter(wrong)


def test_a_beat_is_a_sign_of_life(database: Database, study: str) -> None:
    silent_since = utc_now() - timedelta(seconds=LOST_AFTER_SECONDS + 1)
    controllers = Controllers(database)
    controllers.enter(_elsewhere("a", heartbeat_at=silent_since))
    assert controllers.live(study) == []

    assert controllers.beat("a", 42.0, 3)

    assert _ids(controllers.live(study)) == ["a"]
    after = controllers.get("a")
    assert after is not None
    assert silent_since < after.heartbeat_at <= utc_now()
    assert (after.eta_seconds, after.slots) == (42.0, 3)


def test_a_beat_for_a_deleted_study_is_in_vain(database: Database) -> None:
    assert not Controllers(database).beat("a", None, 1)


def test_who_leaves_is_gone(database: Database, study: str) -> None:
    controllers = Controllers(database)
    controllers.enter(_here("a", eta_seconds=5.0))
    controllers.enter(_here("b"))

    controllers.leave("a")

    assert _ids(controllers.list_of(study)) == ["b"]
    left = controllers.get("a")
    assert left is not None
    assert left.left_at is not None
    assert left.eta_seconds is None
    assert is_gone(left, utc_now())


@pytest.mark.parametrize(("seconds", "gone"), [(-5, False), (0, False), (29, False), (31, True)])
def test_silence(seconds: float, gone: bool) -> None:
    controller = _elsewhere("a")

    assert is_gone(controller, controller.heartbeat_at + timedelta(seconds=seconds)) is gone


def test_a_reused_pid_is_another_process() -> None:
    later = this_process().started_at - 60

    assert is_gone(_here("a", process_started_at=later), utc_now())
    assert not is_gone(_here("a"), utc_now())


def test_a_pid_of_another_host_says_nothing() -> None:
    assert not is_gone(_elsewhere("a", pid=2**22 - 1), utc_now())


def test_a_killed_one_is_gone_at_once(
    sqlite_database: Database, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    Studies(sqlite_database).create(StudyRecord(name="demo"))
    process = start_python("import time; time.sleep(60)")
    started_at = psutil.Process(process.pid).create_time()
    controllers = Controllers(sqlite_database)
    controllers.enter(_here("a", pid=process.pid, process_started_at=started_at))
    assert _ids(controllers.live("demo")) == ["a"]

    process.kill()
    process.wait(timeout=10)

    assert controllers.live("demo") == []
    assert _ids(controllers.list_of("demo")) == ["a"]


LATER = timedelta(seconds=LOST_AFTER_SECONDS + 1)


@pytest.mark.parametrize("state", StudyState)
def test_a_study_without_controllers_is_lost_where_one_should_be(state: StudyState) -> None:
    study = StudyRecord(name="demo", state=state)

    assert not is_lost(study, [], study.created_at)
    assert is_lost(study, [], study.created_at + LATER) is state.controlled


def test_one_living_controller_is_enough() -> None:
    study, now = StudyRecord(name="demo"), utc_now()
    dead = _elsewhere("a", heartbeat_at=now - LATER)

    assert is_lost(study, [dead], now)
    assert not is_lost(study, [dead, _elsewhere("b", heartbeat_at=now)], now)
