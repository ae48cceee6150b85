"""Reads what happens in studies, and puts alerts for every chat into the outbox."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from smart_tuner.bot.access import Access
from smart_tuner.bot.alerts import KINDS, Alert, at_least, best_alerts, event_alerts, is_better
from smart_tuner.bot.reader import Reader, directions_of
from storage.bot_chats import BotChat, BotChats
from storage.bot_outbox import BotMessage, Outbox, key_of
from storage.bot_watches import BotWatch, BotWatches
from storage.clock import utc_now
from storage.events import Events
from storage.records import EventRecord, StudyRecord, StudyState, StudyStatus, TrialRole
from storage.studies import Studies

OLD_AFTER = timedelta(minutes=10)
"""What happened longer ago than this before a study was first seen is no news."""
_LATE_IDS = 200
"""Of several writers one may commit a lower id after another's higher one: looked for so far back.
"""


class Watcher:
    """Of all studies in a database. What it has read, and what follows from it, is written at once:
    a bot that is killed neither loses an alert nor makes it again.

    Args:
        reader: of the studies.
        access: whom alerts are for.
    """

    def __init__(self, reader: Reader, access: Access) -> None:
        database = reader.database
        self._reader, self._database, self._access = reader, database, access
        self._events, self._outbox = Events(database), Outbox(database)
        self._watches, self._chats = BotWatches(database), BotChats(database)
        self._seen: dict[str, set[int]] = {}

    def look(self, now: datetime | None = None) -> int:
        """Read what is new in every study; how many messages were put into the outbox."""
        at = now or utc_now()
        studies = Studies(self._database).list_all()
        return sum(self._look_at(study, at) for study in studies)

    def _look_at(self, study: StudyRecord, now: datetime) -> int:
        watch = self._watches.get(study.name) or self._beginning(study, now)
        state = self._state(study)  # before the events: with the end of a study all of them
        news = self._news(watch)
        if not news and state.value == watch.state:
            return 0
        alerts, after = self._alerts(study, watch, news)
        if state.value != watch.state:
            alerts += _transition(self._reader.status(study.name), state, study, now)
        with self._database.transaction():
            added = self._outbox.add(self._messages(study.name, alerts, now))
            self._watches.save(replace(after, state=state.value))
        self._remember(study.name, after.event_id, news)
        return added

    def _beginning(self, study: StudyRecord, now: datetime) -> BotWatch:
        since = now - OLD_AFTER
        watch = self._watches.beginning(study.name, directions_of(study)[0], since)
        is_old = study.updated_at < since
        return replace(watch, state=self._state(study).value) if is_old else watch

    def _state(self, study: StudyRecord) -> StudyState:
        """A study without a controller can lose none, and is not read any further."""
        if not study.state.controlled:
            return study.state
        return self._reader.status(study.name).state

    def _news(self, watch: BotWatch) -> list[EventRecord]:
        since = max(0, watch.event_id - _LATE_IDS)
        found = self._events.list_of(watch.study, kinds=KINDS, after_id=since)
        if watch.study not in self._seen:  # what a bot before this one has read
            before = {one.id for one in found if one.id is not None and one.id <= watch.event_id}
            self._seen[watch.study] = before
        return [event for event in found if event.id not in self._seen[watch.study]]

    def _remember(self, study: str, newest: int, news: Iterable[EventRecord]) -> None:
        ids = self._seen[study] | {event.id for event in news if event.id is not None}
        self._seen[study] = {one for one in ids if one > newest - _LATE_IDS}

    def _alerts(
        self, study: StudyRecord, watch: BotWatch, news: Sequence[EventRecord]
    ) -> tuple[list[Alert], BotWatch]:
        alerts: list[Alert] = []
        for event in news:
            assert event.id is not None
            watch = replace(watch, event_id=max(watch.event_id, event.id))
            trial = event.number is not None and self._reader.trial(study.name, event.number)
            if not trial:
                continue
            restarted = event.kind in ("rescued", "started")
            attempts = self._reader.attempts(study.name, trial.number) if restarted else []
            rescues = self._rescues(event) if restarted else 0
            alerts += event_alerts(event, trial, attempts, rescues)
            alerts += _report(event)
            if event.kind == "ended" and trial.role is not TrialRole.PROBE:
                found, watch = self._best(study, watch, trial)
                alerts += found
        return alerts, watch

    def _best(
        self, study: StudyRecord, watch: BotWatch, trial: Any
    ) -> tuple[list[Alert], BotWatch]:
        directions = directions_of(study)
        if len(directions) > 1:
            on_front = any(one.number == trial.number for one in self._reader.best(study))
            return (list(best_alerts(trial, None)) if on_front else []), watch
        if not is_better(trial, watch.best_value, directions[0]):
            return [], watch
        alerts = list(best_alerts(trial, watch.best_value))
        return alerts, replace(watch, best_number=trial.number, best_value=trial.value)

    def _rescues(self, event: EventRecord) -> int:
        rescued = self._events.list_of(event.study, event.number, ["rescued"])
        return sum(one.id is not None and one.id <= (event.id or 0) for one in rescued)

    def _messages(self, study: str, alerts: Iterable[Alert], now: datetime) -> Iterator[BotMessage]:
        recipients = self._access.recipients(self._chats.list_all())
        chats = [self._chats.get(chat) for chat in recipients]
        for alert in alerts:
            for chat in chats:
                if _wants(chat, alert, now):
                    yield BotMessage(
                        chat=chat.chat,
                        key=_key(chat, alert),
                        study=study,
                        number=alert.number,
                        kind=alert.kind,
                        severity=alert.severity,
                        payload=alert.payload,
                        created_at=now,
                        due_at=now,
                    )


def _wants(chat: BotChat, alert: Alert, now: datetime) -> bool:
    if chat.muted_until is not None and now < chat.muted_until:
        return False
    if alert.kind == "report":
        return bool(chat.report_every) and alert.payload["step"] >= (chat.report_every or 0)
    return at_least(alert.severity, chat.severity)


def _key(chat: BotChat, alert: Alert) -> str:
    """A report comes once in so many steps as the chat wants."""
    if alert.kind != "report":
        return alert.key
    return key_of(alert.key, alert.payload["step"] // (chat.report_every or 1))


def _report(event: EventRecord) -> Iterator[Alert]:
    if event.kind == "evaluation" and event.step is not None:
        key = key_of("report", event.study, event.number)
        yield Alert("report", "info", key, event.number, {"step": event.step})


def _transition(
    status: StudyStatus, state: StudyState, study: StudyRecord, now: datetime
) -> Iterator[Alert]:
    """What has become of the study as a whole since it was last read."""
    if state is StudyState.FINISHED:
        best = status.best
        payload = {
            "trials": status.trials_ended,
            "best": best and best.value,
            "number": best and best.number,
        }
        key = key_of("finished", study.name, study.updated_at.isoformat())
        yield Alert("finished", "info", key, None, payload)
        yield Alert("finished_report", "info", key_of(key, "report"), None, payload)
    elif state is StudyState.CONTROLLER_LOST:
        key = key_of("controller_lost", study.name, now.isoformat())
        age = {"age": status.heartbeat_age_seconds}
        yield Alert("controller_lost", "critical", key, None, age)
