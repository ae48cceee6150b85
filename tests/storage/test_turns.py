from storage.database import Database
from storage.records import StudyRecord
from storage.studies import Studies
from storage.turns import Turns


def _asking(database: Database, study: str) -> str | None:
    found = Studies(database).get(study)
    assert found is not None
    return found.asking


def test_one_at_a_time(database: Database, study: str) -> None:
    turns = Turns(database)

    assert turns.take(study, "a")
    assert not turns.take(study, "b")
    assert _asking(database, study) == "a"

    turns.release(study, "a")
    assert _asking(database, study) is None
    assert turns.take(study, "b")


def test_who_has_it_may_take_it_again(database: Database, study: str) -> None:
    assert Turns(database).take(study, "a")
    assert Turns(database).take(study, "a")


def test_nobody_releases_anothers(database: Database, study: str) -> None:
    turns = Turns(database)
    turns.take(study, "a")

    turns.release(study, "b")

    assert _asking(database, study) == "a"


def test_the_turn_of_one_who_is_gone_is_free(database: Database, study: str) -> None:
    turns = Turns(database)
    turns.take(study, "dead")

    assert not turns.take(study, "b", gone={"another"})
    assert turns.take(study, "b", gone={"another", "dead"})

    turns.release(study, "dead")  # it was only slow
    assert _asking(database, study) == "b"


def test_each_study_has_its_own(database: Database, study: str) -> None:
    Studies(database).create(StudyRecord(name="other"))
    turns = Turns(database)

    assert turns.take(study, "a")
    assert turns.take("other", "b")
    assert not turns.take("nowhere", "a")
    assert (_asking(database, study), _asking(database, "other")) == ("a", "b")
