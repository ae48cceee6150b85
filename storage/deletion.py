"""Deleting a study. Apart from the other calls, because Optuna's side of it needs Optuna."""

import optuna
from sqlalchemy import delete

from storage.database import Database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.studies import Studies
from storage.tables import StudyRow


def delete_study(database: Database, name: str) -> None:
    """Delete the study with all that belongs to it, on Optuna's side too. Files stay.

    Raises:
        StudyNotFoundError: there is no such study on either side.
    """
    ours = database.execute(delete(StudyRow).where(StudyRow.name == name))
    if not _delete_from_optuna(database, name) and not ours:
        raise Studies(database).not_found(name)


def _delete_from_optuna(database: Database, name: str) -> bool:
    storage = optuna_storage(database)
    try:
        optuna.delete_study(study_name=name, storage=storage)
    except KeyError:
        return False
    finally:
        close_optuna_storage(storage)
    return True
