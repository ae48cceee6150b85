"""Faults by chance, but for a seed: which, when, whom, how long."""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from .crew import Crew
from .databases import Heal, PostgresqlDatabase, SqliteFile
from .study import Study
from .tally import KILLS, Tally
from .witness import Witness

_EVENTS = (3, 30)
"""Events of trainers between two faults; in between, time alone."""
_SECONDS = (0.5, 2.5)
_AFTER_SECONDS = 0.25
"""Longer than a controller takes to hear of an event: it may be met at work on it."""
_AWAY_SECONDS = (0.1, 4.0)
_LONG_SECONDS = 34.0
"""A controller that is silent for 30 s counts as gone; so long, too, SQLite waits for a lock."""
_WAVES = 4
_COMMON = {
    "kill_controller": 20,
    "kill_trainer": 35,
    "cut_power": 4,
    "stop_controller": 5,
    "stop_trainer": 4,
    "freeze_controller": 4,
    "freeze_trainer": 3,
    "call_doctor": 4,
}
_SHARED = {"put_to_sleep": 2}
_SQLITE = {"lock_database": 10}
_HELD = {"hold_database": 1}
_POSTGRESQL = {"close_connections": 22, "kill_server": 13}


@dataclass(frozen=True)
class Plan:
    """The next fault."""

    kind: str
    events: int
    """Strikes after so many more events of trainers,"""
    seconds: float
    """or after so long,"""
    delay: float
    """and a moment later."""
    whom: float
    """Where among those that could be met: [0, 1)."""
    length: float
    """How long it lasts, where it lasts: [0, 1)."""


class Injector:
    """Disturbs one study.

    Args:
        study: which.
        crew: its controllers.
        witness: what its trainers say.
        database: what it is kept in.
        rng: where chance comes from.
        tally: where each fault is noted.
        until: at so many kills in all it is left in peace.
    """

    def __init__(
        self,
        study: Study,
        crew: Crew,
        witness: Witness,
        database: SqliteFile | PostgresqlDatabase,
        rng: random.Random,
        tally: Tally,
        until: int,
    ) -> None:
        self._study, self._crew, self._witness = study, crew, witness
        self._database, self._rng, self._tally = database, rng, tally
        self._until = until
        self._heals: list[tuple[float, Heal]] = []
        self._weights = _weights(study)
        self._plan, self._due, self._from = self._next(), float("inf"), (0, time.monotonic())
        self.history: list[str] = []

    @property
    def has_had_enough(self) -> bool:
        """Whether the study is left in peace from now on."""
        return self._tally.kills >= self._until

    @property
    def is_busy(self) -> bool:
        """Whether something still lasts."""
        return bool(self._heals)

    def tick(self) -> None:
        """Begin and end what is due."""
        now = time.monotonic()
        for at, heal in [one for one in self._heals if one[0] <= now]:
            self._heals.remove((at, heal))
            heal()
        if self.has_had_enough:
            return
        if self._due == float("inf") and self._is_time(now):
            self._due = now + self._plan.delay
        if now >= self._due:
            self._strike()

    def heal(self) -> None:
        """End all that lasts."""
        for _, heal in self._heals:
            heal()
        self._heals.clear()

    def _is_time(self, now: float) -> bool:
        events, since = self._from
        return self._witness.count >= events + self._plan.events or now >= since + (
            self._plan.seconds
        )

    def _strike(self) -> None:
        plan, strike = self._plan, getattr(self, f"_{self._plan.kind}")
        before = self._tally.faults.copy()
        strike(plan)
        done = self._tally.faults - before
        self.history += [f"{time.strftime('%H:%M:%S')} {dict(done)}"] if done else []
        self._plan, self._due = self._next(), float("inf")
        self._from = self._witness.count, time.monotonic()

    def _next(self) -> Plan:
        kinds, weights = list(self._weights), list(self._weights.values())
        rng = self._rng
        return Plan(
            kind=rng.choices(kinds, weights)[0],
            events=rng.randint(*_EVENTS),
            seconds=rng.uniform(*_SECONDS),
            delay=rng.uniform(0.0, _AFTER_SECONDS),
            whom=rng.random(),
            length=rng.random(),
        )

    # Controllers.

    def _kill_controller(self, plan: Plan) -> None:
        self._signal_controller(plan, signal.SIGKILL, KILLS[0])

    def _stop_controller(self, plan: Plan) -> None:
        self._signal_controller(plan, signal.SIGTERM, "controller stopped")

    def _freeze_controller(self, plan: Plan) -> None:
        pid = self._signal_controller(plan, signal.SIGSTOP, "controller frozen")
        if pid is not None:
            self._later(plan, lambda: _signal(pid, signal.SIGCONT))

    def _put_to_sleep(self, plan: Plan) -> None:
        """For so long that another controller takes its trials over."""
        pid = self._signal_controller(plan, signal.SIGSTOP, "controller put to sleep")
        if pid is not None:
            self._later(plan, lambda: _signal(pid, signal.SIGCONT), _LONG_SECONDS)

    def _signal_controller(self, plan: Plan, number: int, name: str) -> int | None:
        seats = self._crew.taken
        if not seats:
            return None
        self._tally.faults[name] += 1
        return seats[int(plan.whom * len(seats))].send(number)

    # Trainers.

    def _kill_trainer(self, plan: Plan) -> None:
        self._signal_trainer(plan, signal.SIGKILL, KILLS[1])

    def _stop_trainer(self, plan: Plan) -> None:
        self._signal_trainer(plan, signal.SIGTERM, "trainer stopped")

    def _freeze_trainer(self, plan: Plan) -> None:
        pid = self._signal_trainer(plan, signal.SIGSTOP, "trainer frozen")
        if pid is not None:
            self._later(plan, lambda: _signal(pid, signal.SIGCONT))

    def _signal_trainer(self, plan: Plan, number: int, name: str) -> int | None:
        trainers = sorted(self._study.trainers(), key=lambda process: process.pid)
        if not trainers:
            return None
        pid = trainers[int(plan.whom * len(trainers))].pid
        if not _signal(pid, number):
            return None
        self._tally.faults[name] += 1
        return pid

    def _cut_power(self, plan: Plan) -> None:
        """Everybody is gone at once."""
        trainers = self._study.trainers()
        for seat in self._crew.taken:
            seat.send(signal.SIGKILL)
            self._tally.faults[KILLS[0]] += 1
        for trainer in trainers:
            self._tally.faults[KILLS[1]] += _signal(trainer.pid, signal.SIGKILL)

    # Somebody who means well.

    def _call_doctor(self, plan: Plan) -> None:
        self._tally.faults["doctor called"] += 1
        self._crew.call_doctor()

    # Databases.

    def _lock_database(self, plan: Plan) -> None:
        self._lock("database locked", plan)

    def _hold_database(self, plan: Plan) -> None:
        """For longer than anybody waits."""
        self._lock("database held", plan, _LONG_SECONDS)

    def _lock(self, name: str, plan: Plan, at_least: float = 0.0) -> None:
        assert isinstance(self._database, SqliteFile)
        heal = None if self.is_busy else self._database.lock()
        if heal is not None:
            self._tally.faults[name] += 1
            self._later(plan, heal, at_least)

    def _close_connections(self, plan: Plan) -> None:
        """Several times in a row: so that one is met in the midst of something."""
        assert isinstance(self._database, PostgresqlDatabase)
        closed = 0
        for _ in range(1 + int(plan.length * _WAVES)):
            closed += self._database.close_connections(plan.whom)
            time.sleep(plan.delay / 5)
        self._tally.faults[KILLS[2]] += closed > 0

    def _kill_server(self, plan: Plan) -> None:
        assert isinstance(self._database, PostgresqlDatabase)
        heal = self._database.stop_server()
        if heal is not None:
            self._tally.faults[KILLS[3]] += 1
            self._later(plan, heal)

    def _later(self, plan: Plan, heal: Callable[[], object], at_least: float = 0.0) -> None:
        low, high = _AWAY_SECONDS
        seconds = at_least + low + plan.length**2 * (high - low)
        self._heals.append((time.monotonic() + seconds, heal))


def _weights(study: Study) -> Mapping[str, int]:
    """How often each kind of fault is chosen."""
    shared = _SHARED if study.is_long and study.controllers > 1 else {}
    held = _HELD if study.is_long and study.is_sqlite else {}
    return {**_COMMON, **(_SQLITE if study.is_sqlite else _POSTGRESQL), **shared, **held}


def _signal(pid: int, number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
