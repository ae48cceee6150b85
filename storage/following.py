"""What somebody who follows a study has to look at: not its ten thousand ended trials."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import or_, select

from storage.database import Database
from storage.records import ENDED_STATES, TrialState
from storage.tables import TrialRow


class FollowedTrial(NamedTuple):
    """A trial, as much as is needed to see whether there is news of it."""

    number: int
    state: TrialState


def followed_trials(
    database: Database, study: str, after: int, also: Collection[int] = ()
) -> list[FollowedTrial]:
    """The trials of ``study`` that have not ended, and some that have, by number.

    Args:
        database: where they are.
        study: its name.
        after: all of greater numbers, too; -1: every trial.
        also: these, too.
    """
    wanted = [TrialRow.state.not_in(ENDED_STATES), TrialRow.number > after]
    if also:
        wanted.append(TrialRow.number.in_(also))
    query = select(TrialRow.number, TrialRow.state).where(TrialRow.study == study, or_(*wanted))
    with database.session() as session:
        return [FollowedTrial(*row) for row in session.execute(query.order_by(TrialRow.number))]
