"""From rows of the ORM to records."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from storage.records import (
    AttemptRecord,
    CommandRecord,
    ControllerRecord,
    EventRecord,
    ProgressRecord,
    StudyRecord,
    TrialRecord,
)
from storage.tables import (
    AttemptRow,
    Base,
    CommandRow,
    ControllerRow,
    EventRow,
    ProgressRow,
    StudyRow,
    TrialRow,
)


def study_record(row: StudyRow) -> StudyRecord:
    """The record of ``row``."""
    return StudyRecord(**_values(row, StudyRecord))


def controller_record(row: ControllerRow) -> ControllerRecord:
    """The record of ``row``."""
    return ControllerRecord(**_values(row, ControllerRecord))


def attempt_record(row: AttemptRow) -> AttemptRecord:
    """The record of ``row``."""
    return AttemptRecord(**_values(row, AttemptRecord))


def trial_record(row: TrialRow) -> TrialRecord:
    """The record of ``row``."""
    values = _values(row, TrialRecord)
    if row.values is not None:
        values["values"] = tuple(row.values)
    return TrialRecord(**values)


def event_record(row: EventRow) -> EventRecord:
    """The record of ``row``."""
    return EventRecord(**_values(row, EventRecord))


def progress_record(row: ProgressRow) -> ProgressRecord:
    """The record of ``row``."""
    return ProgressRecord(**_values(row, ProgressRecord))


def command_record(row: CommandRow) -> CommandRecord:
    """The record of ``row``."""
    return CommandRecord(**_values(row, CommandRecord))


def columns(record: Any, *, without: Iterable[str] = ()) -> dict[str, Any]:
    """The values of a record by column name."""
    left_out = set(without)
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name not in left_out}


def _values(row: Base, record: type[Any]) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(record)}
