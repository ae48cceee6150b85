"""What controllers that were killed leave in our tables, cleared away: each by compare and set."""

from collections.abc import Collection

from sqlalchemy import delete, exists, update

from storage.clock import utc_now
from storage.database import Database
from storage.records import ACTIVE_STATES, StudyState
from storage.tables import AttemptRow, ControllerRow, ProgressRow, StudyRow, TrialRow


def close_attempt(database: Database, study: str, number: int, attempt: int, cause: str) -> bool:
    """Say that an attempt has ended when it was last seen; ``False`` where that is known."""
    statement = update(AttemptRow).where(
        AttemptRow.study == study,
        AttemptRow.number == number,
        AttemptRow.attempt == attempt,
        AttemptRow.ended_at.is_(None),
    )
    return database.execute(statement.values(ended_at=AttemptRow.seen_at, cause=cause)) == 1


def clear_progress(database: Database, study: str, number: int) -> bool:
    """Forget how far a trial is that has no trainer; ``False`` where it has one again."""
    active = exists().where(
        TrialRow.study == study, TrialRow.number == number, TrialRow.state.in_(ACTIVE_STATES)
    )
    statement = delete(ProgressRow).where(
        ProgressRow.study == study, ProgressRow.number == number, ~active
    )
    return database.execute(statement) == 1


def forget_checkpoint(database: Database, study: str, number: int, path: str) -> bool:
    """Name a checkpoint no more that is gone, of a trial and of its attempts.

    ``False`` where the trial names another one meanwhile.
    """
    trial = update(TrialRow).where(
        TrialRow.study == study, TrialRow.number == number, TrialRow.checkpoint == path
    )
    attempts = update(AttemptRow).where(
        AttemptRow.study == study, AttemptRow.number == number, AttemptRow.checkpoint == path
    )
    with database.transaction():
        database.execute(attempts.values(checkpoint=None))
        return database.execute(trial.values(checkpoint=None)) == 1


def settle_study(
    database: Database, study: str, before: StudyState, after: StudyState, gone: Collection[str]
) -> bool:
    """Say how a study stands that nobody runs.

    Args:
        database: where it is.
        study: its name.
        before: how it is said to stand.
        after: how it stands.
        gone: the controllers that are known to be.

    Returns:
        ``False`` where another controller has come meanwhile, or said something itself.
    """
    present = exists().where(
        ControllerRow.study == study,
        ControllerRow.left_at.is_(None),
        ControllerRow.id.not_in(list(gone)),
    )
    statement = update(StudyRow).where(StudyRow.name == study, StudyRow.state == before, ~present)
    return database.execute(statement.values(state=after, updated_at=utc_now())) == 1
