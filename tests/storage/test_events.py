import math

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.events import Events
from storage.records import EventRecord


def test_in_the_order_of_writing(database: Database, study: str) -> None:
    events = [EventRecord(study=study, kind="evaluation", number=n % 2, step=n) for n in range(50)]

    Events(database).append(events[:30])
    Events(database).append(events[30:])

    found = Events(database).list_of(study)
    assert [event.step for event in found] == list(range(50))
    ids = [event.id or 0 for event in found]
    assert ids == sorted(set(ids))


def test_payload_survives(database: Database, study: str) -> None:
    payload = {"metrics": {"quality": 0.5, "mcd": math.inf}, "текст": ["ё", None]}

    Events(database).append([EventRecord(study=study, kind="evaluation", payload=payload)])

    assert Events(database).list_of(study)[0].payload == payload


def test_filters(database: Database, study: str) -> None:
    Events(database).append(
        [
            EventRecord(study=study, kind="started"),
            EventRecord(study=study, kind="asked", number=0),
            EventRecord(study=study, kind="pruned", number=0),
            EventRecord(study=study, kind="asked", number=1),
        ]
    )
    events = Events(database)

    def kinds(**filters: object) -> list[tuple[str, int | None]]:
        return [(e.kind, e.number) for e in events.list_of(study, **filters)]  # type: ignore[arg-type]

    assert kinds(number=0) == [("asked", 0), ("pruned", 0)]
    assert kinds(kinds=["asked", "started"]) == [("started", None), ("asked", 0), ("asked", 1)]
    assert kinds(number=1, kinds=["pruned"]) == []
    third = events.list_of(study)[2].id or 0
    assert kinds(after_id=third) == [("asked", 1)]


def test_all_or_none(database: Database, study: str) -> None:
    events = [EventRecord(study=study, kind="a"), EventRecord(study="nowhere", kind="b")]

    with pytest.raises(IntegrityError):
        Events(database).append(events)

    assert Events(database).list_of(study) == []
