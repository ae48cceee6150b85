"""The controllers of a study: whoever is killed is started again, until the study is at its end."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smart_tuner.exit_codes import TunerExit

from .plans import (
    BUSY,
    CUT,
    DIE,
    DIE_AT_FILE,
    DIE_AT_WORK,
    LOSE,
    MARK,
    OF_POSTGRESQL,
    OF_SQLITE,
    chosen,
)
from .study import ROOT, Study
from .tally import KILLS, Tally

_RESTART_SECONDS = 0.8
_SABOTAGED = 0.5
"""Of the controllers of a study that is disturbed."""
_LOG_TAIL = 6000
_KINDS = {
    DIE: KILLS[0],
    DIE_AT_FILE: KILLS[0],
    DIE_AT_WORK: KILLS[0],
    CUT: KILLS[2],
    LOSE: KILLS[2],
    BUSY: "database locked",
}
_OF_DOCTORS = (TunerExit.FINISHED, TunerExit.NO_RESULT, TunerExit.BAD_INPUT)
"""Of those who found the database away, or no study yet, as well."""
_AT_THE_END = (TunerExit.FINISHED, TunerExit.NO_RESULT)


class FoundError(AssertionError):
    """Something that must not be."""


@dataclass
class Seat:
    """The place of one controller, and who sits there."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    log: Path = Path()
    asked: frozenset[int] = frozenset()
    """The signals that it was sent."""
    planned: tuple[str, int] | None = None
    """What was to befall it, if anything."""
    starts: int = 0
    next_start: float = 0.0
    is_done: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether a controller runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def has_been_hit(self) -> bool:
        """Whether what was planned for a controller that has ended has come about."""
        if self.planned is None or self.process is None:
            return False
        if self.planned[0] == DIE_AT_WORK:
            return self.process.returncode == -signal.SIGPROF
        return MARK in self.log.read_text(encoding="utf-8", errors="replace")

    def send(self, number: int) -> int:
        """Send a signal; the process that it was sent to."""
        assert self.process is not None
        self.asked |= {number}
        self.process.send_signal(number)
        return self.process.pid


class Crew:
    """As many controllers as the study is to have."""

    def __init__(
        self, study: Study, rng: random.Random, tally: Tally, has_peace: Callable[[], bool]
    ) -> None:
        """``has_peace``: whether nothing is to befall those that start now."""
        self._study, self._rng, self._tally = study, rng, tally
        self._has_peace = has_peace
        self._logs = study.folder / "logs"
        self._logs.mkdir()
        self.seats = [Seat(number) for number in range(study.controllers)]
        self._doctors: list[tuple[subprocess.Popen[bytes], Path]] = []

    @property
    def is_done(self) -> bool:
        """Whether every controller has said that the study is at its end."""
        return not self._doctors and all(seat.is_done for seat in self.seats)

    @property
    def taken(self) -> list[Seat]:
        """Where a controller runs."""
        return [seat for seat in self.seats if seat.is_taken]

    def keep(self) -> None:
        """Look after each: :class:`FoundError` where one ended as it should not."""
        for seat in self.seats:
            if seat.process is None:
                if not seat.is_done and time.monotonic() >= seat.next_start:
                    self._start(seat)
            elif seat.process.poll() is not None:
                self._judge(seat, seat.process.returncode)
        for doctor in [one for one in self._doctors if one[0].poll() is not None]:
            self._doctors.remove(doctor)
            if doctor[0].returncode not in _OF_DOCTORS:
                raise FoundError(f"a doctor ended so: {_tail(doctor[1])}")

    def call_doctor(self) -> None:
        """Have one look at the study, and mend what it finds."""
        log = self._logs / f"doctor-{time.monotonic_ns()}.log"
        self._doctors.append((self._spawn(self._study.doctor, log), log))

    def end(self) -> None:
        """Leave nobody behind."""
        of_seats = [seat.process for seat in self.seats if seat.process is not None]
        for process in [*of_seats, *(doctor for doctor, _ in self._doctors)]:
            process.kill()
            process.wait()

    def stacks(self) -> str:
        """Where each controller is, and what it has said."""
        for seat in self.taken:
            seat.send(signal.SIGCONT)
            seat.send(signal.SIGUSR1)
        time.sleep(1.0)
        return "\n".join(f"--- {seat.log}\n{_tail(seat.log)}" for seat in self.seats)

    def _start(self, seat: Seat) -> None:
        seat.starts += 1
        seat.asked, seat.planned = frozenset(), self._plan()
        seat.log = self._logs / f"controller-{seat.number}-{seat.starts:03d}.log"
        seat.process = self._spawn(self._study.command(seat.planned), seat.log)

    def _plan(self) -> tuple[str, int] | None:
        if self._has_peace() or self._rng.random() > _SABOTAGED:
            return None
        return chosen(self._rng, OF_SQLITE if self._study.is_sqlite else OF_POSTGRESQL)

    def _spawn(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=self._study.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _judge(self, seat: Seat, code: int) -> None:
        seat.next_start = time.monotonic() + self._rng.uniform(0.0, _RESTART_SECONDS)
        self._count(seat)
        if code in _AT_THE_END:
            seat.is_done = True
        elif code == os.EX_TEMPFAIL:
            self._tally.faults["controllers that met no database"] += 1
        elif not _was_asked(seat, code):
            raise FoundError(f"a controller ended with {code}: {seat.log}\n{_tail(seat.log)}")
        seat.process = None

    def _count(self, seat: Seat) -> None:
        if seat.planned is not None and seat.has_been_hit:
            self._tally.faults[_KINDS[seat.planned[0]]] += 1


def _was_asked(seat: Seat, code: int) -> bool:
    if code == TunerExit.STOPPED or code == -signal.SIGTERM:
        return signal.SIGTERM in seat.asked
    if code == -signal.SIGPROF:
        return seat.has_been_hit
    return code == -signal.SIGKILL and (seat.has_been_hit or signal.SIGKILL in seat.asked)


def _tail(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
