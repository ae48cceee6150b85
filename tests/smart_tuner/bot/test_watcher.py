"""What becomes an alert, for whom, and that nothing does twice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from smart_tuner.bot.access import Access
from smart_tuner.bot.reader import NoSuchStudyError, Reader, handle_of
from smart_tuner.bot.settings import BotSettings
from smart_tuner.bot.watcher import Watcher
from storage.assessment import Assessment, Flag
from storage.attempts import Attempts
from storage.bot_chats import BotChats
from storage.bot_outbox import BotMessage, Outbox
from storage.clock import utc_now
from storage.database import Database, open_database
from storage.events import Events
from storage.levels import Level
from storage.records import (
    AttemptRecord,
    EventRecord,
    StudyRecord,
    StudyState,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.studies import Studies
from storage.tables import EventRow, StudyRow
from storage.trials import Trials

ANNA, BORIS = 1, 2
STUDY = "speech"


class Scene:
    """A study, and a watcher of it."""

    def __init__(self, database: Database, *chats: int, **study: Any) -> None:
        self.database, self.chats = database, chats
        record = StudyRecord(name=STUDY, state=StudyState.STOPPED)
        Studies(database).create(replace(record, **study))
        self.trials, self.events = Trials(database), Events(database)
        self.restart()

    def restart(self) -> None:
        """A bot that was started anew."""
        access = Access(BotSettings(token="1:a", viewers=frozenset(self.chats)))
        self.watcher = Watcher(Reader(self.database), access)

    def happens(self, kind: str, number: int, step: int | None = 7, **payload: Any) -> None:
        event = EventRecord(study=STUDY, kind=kind, number=number, step=step, payload=payload)
        self.events.append([event])

    def trial(self, number: int, **fields: Any) -> None:
        self.trials.insert(TrialRecord(study=STUDY, number=number, **fields))

    def completes(self, number: int, value: float, **fields: Any) -> None:
        self.trial(number, state=TrialState.COMPLETE, value=value, **fields)
        self.happens("ended", number, state="complete", reason=None)

    def told(self) -> list[BotMessage]:
        self.watcher.look()
        return Outbox(self.database).list_of(STUDY)

    def kinds(self, chat: int = ANNA) -> list[str]:
        return [one.kind for one in self.told() if one.chat == chat]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/study.db") as database:
        yield database


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database, ANNA, BORIS)


def test_an_explosion_is_one_alert_for_each_chat(scene: Scene) -> None:
    scene.trial(0)
    scene.happens("gradient", 0, level="warning", norm=20.0, threshold=10.0)
    scene.happens("gradient", 0, level="critical", norm=512.0, threshold=100.0)
    scene.happens("gradient", 0, step=9, level="critical", norm=600.0, threshold=100.0)

    told = scene.told()
    assert [(one.chat, one.kind, one.payload["norm"]) for one in told] == [
        (ANNA, "gradient", 512.0),
        (BORIS, "gradient", 512.0),
    ]
    scene.restart()
    assert scene.told() == told


def test_ends_are_told_with_reason_and_evidence(scene: Scene) -> None:
    for number, state in enumerate(TrialState):
        scene.trial(number, state=state)
        scene.happens("ended", number, state=state.value, reason="never_aligned", ratio=0.95)

    told = [one for one in scene.told() if one.chat == ANNA and one.kind == "ended"]
    assert [one.payload["state"] for one in told] == ["pruned", "failed"]
    assert told[0].payload["evidence"] == {"ratio": 0.95}
    assert told[0].payload["reason"] == "never_aligned"


def test_alignment_is_told_when_the_controller_has_judged_it(scene: Scene) -> None:
    flags = (Flag("alignment_critical", Level.CRITICAL, 7, {}),)
    scene.trial(0)
    scene.trial(1, assessment=Assessment(flags=flags).to_json())
    for step in (7, 14):
        for number in (0, 1):
            scene.happens("evaluation", number, step, **{"alignment.overall_score": 0.1})

    assert [(m.kind, m.number) for m in scene.told() if m.chat == ANNA] == [("alignment", 1)]


def test_restarts_are_told_and_too_many_of_them(scene: Scene) -> None:
    scene.trial(0)
    attempts = Attempts(scene.database)
    for number, cause in enumerate(["crashed", "stopped", "stalled", None], 1):
        attempts.begin(
            AttemptRecord(study=STUDY, number=0, attempt=number, controller="c", host="h",
                          cause=cause)
        )  # fmt: skip
        scene.happens("started", 0, None, attempt=number)
    rescue = {"to_step": 3, "cause": "gradient_explosion", "factor": 0.5}
    for restarts in (1, 2):
        scene.happens("rescued", 0, **rescue, restarts=restarts)

    assert Counter(scene.kinds()) == {"restarted": 2, "rescued": 2, "restarts": 1}
    assert [m.payload["cause"] for m in scene.told() if m.kind == "restarted"][:1] == ["crashed"]


@pytest.mark.parametrize(("direction", "best"), [("maximize", [0, 2]), ("minimize", [0, 1])])
def test_only_a_better_trial_is_a_new_best(
    database: Database, direction: str, best: list[int]
) -> None:
    scene = Scene(database, ANNA, identity={"direction": direction})
    for number, value in enumerate([0.5, 0.4, 0.6]):
        scene.completes(number, value, sample_wav="a.wav" if number else None)
        scene.told()
        scene.restart()
    scene.completes(3, 0.0 if direction == "minimize" else 1.0, role=TrialRole.PROBE)

    told = [(one.kind, one.number) for one in scene.told()]
    assert [number for kind, number in told if kind == "best"] == best
    assert [number for kind, number in told if kind == "best_voice"] == best[1:]


def test_of_several_objectives_the_front_counts(database: Database) -> None:
    scene = Scene(database, ANNA, identity={"direction": ["maximize", "minimize"]})
    for number, values in enumerate([(0.5, 3.0), (0.4, 4.0), (0.4, 2.0)]):
        scene.completes(number, values[0], values=values)
        scene.told()

    assert [one.number for one in scene.told() if one.kind == "best"] == [0, 2]


def test_what_is_old_when_a_study_is_first_seen_is_no_news(scene: Scene) -> None:
    scene.completes(0, 0.5)
    old = utc_now() - timedelta(hours=1)
    with scene.database.session() as session:
        session.execute(update(EventRow).values(at=old))
    scene.trials.update(STUDY, 0, ended_at=old)
    scene.completes(1, 0.4, ended_at=utc_now())
    scene.completes(2, 0.6, ended_at=utc_now())

    assert [(one.number, one.payload["before"]) for one in scene.told() if one.chat == ANNA] == [
        (2, 0.5)
    ]


def test_what_is_written_late_with_an_earlier_id_is_told_too(scene: Scene) -> None:
    """As on a server, where the order of ids is not that of commits."""
    for number in range(3):
        scene.trial(number, state=TrialState.PRUNED)
    payload = {"state": "pruned", "reason": "stopped"}
    rows = [
        EventRow(id=i + 1, study=STUDY, number=i, at=utc_now(), kind="ended", step=1,
                 payload=payload)
        for i in range(3)
    ]  # fmt: skip
    with scene.database.session() as session:
        session.add(rows[0])
        session.add(rows[2])
    assert [one.number for one in scene.told() if one.chat == ANNA] == [0, 2]

    with scene.database.session() as session:
        session.add(rows[1])
    assert [one.number for one in scene.told() if one.chat == ANNA] == [0, 2, 1]


def test_chats_choose_what_they_are_told(scene: Scene) -> None:
    chats = BotChats(scene.database)
    chats.update(ANNA, severity="critical")
    chats.update(BORIS, muted_until=utc_now() + timedelta(hours=1))
    scene.trial(0, state=TrialState.PRUNED)
    scene.happens("gradient", 0, level="critical", norm=512.0, threshold=100.0)
    scene.happens("ended", 0, state="pruned", reason="gradient_explosion")

    assert scene.kinds(ANNA) == ["gradient"]
    assert scene.kinds(BORIS) == []
    chats.update(BORIS, muted_until=utc_now() - timedelta(seconds=1))
    scene.restart()
    assert scene.kinds(BORIS) == []


def test_reports_come_every_so_many_steps(scene: Scene) -> None:
    BotChats(scene.database).update(ANNA, report_every=100)
    scene.trial(0)
    for step in range(50, 400, 50):
        scene.happens("evaluation", 0, step, quality=0.5)
        scene.told()

    assert [one.payload["step"] for one in scene.told()] == [100, 200, 300]


def test_the_end_of_a_study_is_told_each_time(scene: Scene) -> None:
    scene.told()
    studies = Studies(scene.database)
    for state in (StudyState.FINISHED, StudyState.STOPPED, StudyState.FINISHED):
        studies.set_state(STUDY, state)
        scene.told()
        scene.restart()

    assert scene.kinds() == ["finished", "finished_report"] * 2


def test_a_lost_controller_is_told_once(scene: Scene) -> None:
    scene.told()
    Studies(scene.database).set_state(STUDY, StudyState.RUNNING)
    hour = utc_now() + timedelta(hours=1)
    with scene.database.session() as session:
        session.execute(update(StudyRow).values(created_at=utc_now() - timedelta(minutes=5)))
    for _ in range(3):
        scene.watcher.look(hour)

    assert scene.kinds() == ["controller_lost"]


def test_studies_by_name_by_button_and_without_either(scene: Scene) -> None:
    reader = Reader(scene.database)
    Studies(scene.database).create(StudyRecord(name="Voice"))

    assert reader.study(None).name == "Voice"
    assert reader.study(None, usual=STUDY).name == STUDY
    assert reader.study(None, usual="deleted").name == "Voice"
    assert reader.study("voice").name == "Voice"
    assert reader.by_handle(handle_of(STUDY)).name == STUDY
    with pytest.raises(NoSuchStudyError) as caught:
        reader.study("nothing")
    assert caught.value.known == [STUDY, "Voice"]
