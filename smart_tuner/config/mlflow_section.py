"""The section mlflow: where runs are told to MLflow, and where people look at them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, field_validator

from smart_tuner.config.section import Section

DEFAULT_TRACKING_URI = "sqlite:///mlflow.db"
"""In the directory in which a command is started."""
DEFAULT_UI = "http://127.0.0.1:5000"
"""Where ``smart-tuner start mlflow`` listens by default."""
TRACKING_VARIABLE = "MLFLOW_TRACKING_URI"
_SERVERS = ("http", "https")
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_SCHEME = re.compile(r"([a-z0-9]+)(\+[a-z0-9_]+)?:", re.IGNORECASE)
_USER = re.compile(r"://[^/\s@]*@")
_REMEDY = (
    "write sqlite:///mlflow.db, another database's URL, or that of a server, such as "
    "http://127.0.0.1:5000"
)


class MlflowSection(Section):
    """The tracking server or database, and names in it."""

    tracking_uri: SecretStr = SecretStr(DEFAULT_TRACKING_URI)
    """As MLflow takes it; it may hold a password, hence never shown."""
    experiment: str = Field("smart-tuner", min_length=1, max_length=256)
    ui: str | None = None
    """Where a browser finds MLflow; ``None``: the tracking server, else the local default."""

    @field_validator("tracking_uri")
    @classmethod
    def _is_a_store(cls, value: SecretStr) -> SecretStr:
        """The value is not quoted: it may hold a password."""
        found = _SCHEME.match(value.get_secret_value())
        scheme = found[1].lower() if found else ""
        if scheme in (*_SERVERS, *_DATABASES) and _has_place(value):
            return value
        kind = "a folder" if scheme in ("", "file") else f"'{scheme}:'"
        why = "MLflow keeps no runs in folders any more" if kind == "a folder" else "unknown store"
        raise ValueError(f"{kind} can't be used ({why}): {_REMEDY}")

    @field_validator("ui")
    @classmethod
    def _is_a_page(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/\s]+", value):
            raise ValueError(f"{value!r} is no address of a page: write http://host:port")
        return None if value is None else value.rstrip("/")

    @property
    def uri(self) -> str:
        """The tracking URI, with its password; a file of SQLite by its absolute path."""
        return absolute(self.tracking_uri.get_secret_value())

    @property
    def safe_uri(self) -> str:
        """The same for people: without user and password."""
        return without_secrets(self.tracking_uri.get_secret_value())

    @property
    def pages(self) -> str:
        """The address at which a browser finds MLflow."""
        if self.ui is not None:
            return self.ui
        uri = self.tracking_uri.get_secret_value()
        return without_secrets(uri).rstrip("/") if is_server(uri) else DEFAULT_UI


def is_server(uri: str) -> bool:
    """Whether a tracking server answers there; else it is a database."""
    return uri.lower().startswith(("http://", "https://"))


def absolute(uri: str) -> str:
    """A relative file of SQLite as seen from the working directory; others as they are."""
    path = sqlite_path(uri)
    return uri if path is None else f"sqlite:///{path.resolve()}"


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite database; ``None`` of anything else."""
    prefix = "sqlite:///"
    return Path(uri.removeprefix(prefix)) if uri.startswith(prefix) else None


def without_secrets(uri: str) -> str:
    """``uri`` without user, password and query."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    shown = urlunsplit(parts._replace(netloc=host, query="", fragment=""))
    # A path without a host keeps its slashes: sqlite:///mlflow.db.
    return uri.partition("?")[0] if not parts.netloc else shown


def without_passwords(text: str) -> str:
    """``text`` without what stands before the host in its URLs."""
    return _USER.sub("://", text)


def tracking_uri_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """What MLflow's own variable says, as a layer of configuration."""
    uri = environ.get(TRACKING_VARIABLE)
    return {"mlflow": {"tracking_uri": uri}} if uri else {}


def _has_place(uri: SecretStr) -> bool:
    """Whether it says where: a host, or a file."""
    path = sqlite_path(uri.get_secret_value())
    if uri.get_secret_value().lower().startswith("sqlite"):
        return path is not None and path.name not in ("", ":memory:")
    return re.search(r"://[^/\s]", uri.get_secret_value()) is not None
