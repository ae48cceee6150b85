"""Column types that mean the same on SQLite, PostgreSQL and MySQL."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Double, Enum, types
from sqlalchemy.dialects import mysql

from storage.json_values import decoded, encoded


class UtcDateTime(types.TypeDecorator[datetime]):
    """A moment in UTC with microseconds; naive ones are refused, for they mean nothing."""

    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; without the time zone where the database can't keep one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Time zone aware, whatever the database keeps."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FiniteDouble(types.TypeDecorator[float]):
    """A float; a non-finite one becomes NULL, so that every database compares and sorts alike."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """NaN and the infinities become NULL."""
        return None if value is None or not math.isfinite(value) else float(value)


class JsonValue(types.TypeDecorator[Any]):
    """JSON in which non-finite floats survive (see :mod:`storage.json_values`)."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Tag what JSON lacks."""
        return encoded(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Undo the tags."""
        return decoded(value)


def str_enum(kind: type[StrEnum]) -> Enum:
    """A column of ``kind``'s values, kept as text so that a new member needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
