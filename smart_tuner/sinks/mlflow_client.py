"""MLflow's client: made once, and its many ways to fail as two.

Imported by sink processes alone: mlflow takes seconds and 150 MB.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from smart_tuner.config.mlflow_section import is_server, without_passwords, without_secrets
from smart_tuner.sinks.target import AwayError, RefusedError
from storage.engine import build_engine, parse_url
from storage.errors import StorageError

_REFUSALS = (400, 404, 409)
_LONGEST_LINE = 300


def make_client(uri: str) -> MlflowClient:
    """A client for ``uri``.

    Raises:
        AwayError: its database can't be reached.
    """
    os.environ["MLFLOW_TRACKING_URI"] = uri  # runs:/ and artifacts are looked up by it
    if not is_server(uri):
        _require_database(uri)
    with translated(uri):
        return MlflowClient(uri, uri)


def _require_database(uri: str) -> None:
    """MLflow would try for minutes, and hear nothing meanwhile."""
    try:
        engine = build_engine(parse_url(uri))
        with engine.connect():
            engine.dispose()
    except (SQLAlchemyError, StorageError) as error:
        raise AwayError(_line(error, uri)) from error


@contextmanager
def translated(uri: str, *, may_refuse: bool = False) -> Iterator[None]:
    """Within the block MLflow fails as :class:`AwayError`.

    Args:
        uri: which is never shown with its password.
        may_refuse: what it says of a single run is a :class:`RefusedError`.

    Raises:
        AwayError: tried again later, it may succeed.
        RefusedError: it would fail again.
    """
    try:
        yield
    except MlflowException as error:
        status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
        refused = may_refuse and status in _REFUSALS
        kind = RefusedError if refused else AwayError
        raise kind(_line(error, uri)) from error
    except (SQLAlchemyError, OSError) as error:
        raise AwayError(_line(error, uri)) from error


def _line(error: Exception, uri: str) -> str:
    words = without_passwords(" ".join(str(error).split()).replace(uri, without_secrets(uri)))
    return words if len(words) <= _LONGEST_LINE else f"{words[: _LONGEST_LINE - 1]}…"
