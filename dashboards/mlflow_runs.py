"""Where MLflow shows a study and its trials, as far as a sink has said so."""

from storage.database import Database
from storage.newest_event import newest_payload

_KIND = "mlflow_run"


def mlflow_url(database: Database, study: str, number: int | None) -> str | None:
    """The address of a trial's run, or of the study's (``number`` is ``None``); ``None``: no run.

    The newest of several, for that is where a sink writes that was pointed to another server.
    """
    payload = newest_payload(database, study, number, _KIND) or {}
    url = payload.get("url")
    return url if isinstance(url, str) and url else None
