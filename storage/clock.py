"""The one clock of the database: UTC, time zone aware."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)
