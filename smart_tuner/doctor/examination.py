"""A study examined and mended: what was found, and what has become of it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from smart_tuner.doctor.diagnosis import findings
from smart_tuner.doctor.findings import Finding, Severity
from smart_tuner.doctor.mending import CannotMendError, Mender
from smart_tuner.doctor.reading import Reading
from storage.database import Database

_AGAIN_SECONDS = 2.5
"""From the first look to the second: a controller's heart beats at least once in it."""
_ROUNDS = 5
"""What is mended may lay bare what was behind it."""


class Outcome(StrEnum):
    """What has become of a finding."""

    MENDED = "mended"
    TO_MEND = "to mend"
    LEFT = "left"
    """To somebody else: a controller at work, another user, or a person."""
    NOTED = "noted"
    """There is nothing to mend."""


@dataclass(frozen=True)
class Result:
    """A finding and what was done about it."""

    finding: Finding
    outcome: Outcome
    done: str
    """In words; empty where nothing is to be done."""


@dataclass(frozen=True)
class Examination:
    """What was found in a study."""

    study: str
    n_trials: int
    """As many as we know of."""
    results: Sequence[Result]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong any more."""
        return all(one.outcome in (Outcome.MENDED, Outcome.NOTED) for one in self.results)


def examine(database: Database, study: str, *, mend: bool) -> Examination:
    """Look at a study, and mend what is wrong.

    What a controller is at work on is not taken for wrong: where one runs, only what is seen twice
    is a finding, and only what it can't be about to mend itself is mended.

    Args:
        database: where it is.
        study: its name.
        mend: else nothing is changed.

    Raises:
        StorageError: the database can't be used, or has no such study.
    """
    reading, found = _looked(database, study)
    results: dict[object, Result] = {}
    for _ in range(_ROUNDS if mend else 0):
        tried = list(_mended(database, reading, found))
        results |= {one.finding.key: one for one in tried}
        if all(one.outcome is Outcome.LEFT for one in tried):
            break
        reading, found = _looked(database, study)
    for one in found:  # what is there still; what somebody else must mend has been said
        if one.key not in results or results[one.key].outcome is Outcome.MENDED:
            results[one.key] = _left(one, reading, mend=mend)
    return Examination(study, len(reading.trials), tuple(results.values()))


def _looked(database: Database, study: str) -> tuple[Reading, list[Finding]]:
    """What is wrong, seen twice where it may be about to change."""
    reading = Reading.take(database, study)
    found = findings(reading)
    if reading.is_certain or all(one.severity is Severity.NOTE for one in found):
        return reading, found
    time.sleep(_AGAIN_SECONDS)
    again = Reading.take(database, study, before=reading)
    seen = {one.key for one in found}
    return again, [one for one in findings(again) if one.key in seen]


def _mended(database: Database, reading: Reading, found: Iterable[Finding]) -> Iterator[Result]:
    """The results of those that can be mended now; what changed meanwhile is not among them."""
    with Mender(database, reading) as mender:
        for one in found:
            if one.remedy is None or (reading.is_run and one.remedy.disturbs):
                continue
            try:
                if mender.mend(one):
                    yield Result(one, Outcome.MENDED, one.remedy.deed)
            except CannotMendError as error:
                yield Result(one, Outcome.LEFT, str(error))


def _left(finding: Finding, reading: Reading, *, mend: bool) -> Result:
    if finding.severity is Severity.NOTE:
        return Result(finding, Outcome.NOTED, "")
    if finding.remedy is None:
        return Result(finding, Outcome.LEFT, "no program can mend it")
    if reading.is_run and finding.remedy.disturbs:
        return Result(finding, Outcome.LEFT, "left to the controller that runs the study")
    if mend:
        return Result(finding, Outcome.LEFT, "it keeps changing: try again")
    return Result(finding, Outcome.TO_MEND, finding.remedy.wish)
