from storage.database import Database
from storage.events import Events
from storage.newest_event import newest_payload
from storage.records import EventRecord


def test_the_newest_of_its_kind_and_trial(database: Database, study: str) -> None:
    said = [
        EventRecord(study=study, kind=kind, number=number, payload={"place": place})
        for place, (kind, number) in enumerate(
            [("run", None), ("run", 0), ("run", 0), ("other", 0), ("run", 1)]
        )
    ]
    Events(database).append(said)
    assert newest_payload(database, study, 0, "run") == {"place": 2}
    assert newest_payload(database, study, None, "run") == {"place": 0}
    assert newest_payload(database, study, 2, "run") is None
    assert newest_payload(database, "other", 0, "run") is None
