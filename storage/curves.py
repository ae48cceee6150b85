"""Scores over steps, of a few trials at once: the evaluations that are kept of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from storage.database import Database
from storage.tables import EventRow, TrialRow

_EVALUATION = "evaluation"


class Evaluated(NamedTuple):
    """One evaluation of a trial: every score by its name."""

    step: int
    metrics: Mapping[str, Any]


def evaluations(
    database: Database, study: str, numbers: Collection[int]
) -> dict[int, list[Evaluated]]:
    """The evaluations of the trials ``numbers``, by step; one without any has no entry.

    A step that was repeated, by a resumed or a rescued trainer, counts as it was in the end.
    """
    query = (
        select(EventRow.number, EventRow.step, EventRow.payload)
        .where(
            EventRow.study == study,
            EventRow.number.in_(list(numbers)),
            EventRow.kind == _EVALUATION,
        )
        .order_by(EventRow.id)
    )
    found: defaultdict[int, dict[int, Any]] = defaultdict(dict)
    with database.session() as session:
        for number, step, metrics in session.execute(query):
            found[number][step] = metrics
    return {
        number: [Evaluated(step, steps[step]) for step in sorted(steps)]
        for number, steps in found.items()
    }


def evidence(database: Database, study: str, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    """The values that decided on the trials ``numbers``; of those alone that have any."""
    query = select(TrialRow.number, TrialRow.evidence).where(
        TrialRow.study == study, TrialRow.number.in_(list(numbers))
    )
    with database.session() as session:
        return {number: values for number, values in session.execute(query) if values}
