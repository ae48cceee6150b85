"""Our tables, beside Optuna's in the same database: every name begins with ``tuner_``."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.column_types import FiniteDouble, JsonValue, UtcDateTime, str_enum
from storage.records import CommandState, StudyState, TrialRole, TrialState

NAME_LENGTH = 512
"""As long as Optuna's study names may be."""
ID_LENGTH = 36
HOST_LENGTH = 255
_STUDY = "tuner_studies.name"


class Base(DeclarativeBase):
    """The declarative base; its naming convention makes constraints nameable in migrations."""

    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it as a class attribute)
        datetime: UtcDateTime,
        float: FiniteDouble,
        dict[str, Any]: JsonValue,
        list[float]: JsonValue,
        StudyState: str_enum(StudyState),
        TrialState: str_enum(TrialState),
        TrialRole: str_enum(TrialRole),
        CommandState: str_enum(CommandState),
    }


def _study_column(**kwargs: Any) -> Any:
    return mapped_column(String(NAME_LENGTH), ForeignKey(_STUDY, ondelete="CASCADE"), **kwargs)


class StudyRow(Base):
    """A study (:class:`storage.records.StudyRecord`)."""

    __tablename__ = "tuner_studies"

    name: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    state: Mapped[StudyState]
    identity: Mapped[dict[str, Any]]
    config: Mapped[dict[str, Any]]
    trials_target: Mapped[int | None]
    settings: Mapped[dict[str, Any]]
    asking: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ControllerRow(Base):
    """A controller (:class:`storage.records.ControllerRecord`)."""

    __tablename__ = "tuner_controllers"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    study: Mapped[str] = _study_column(index=True)
    host: Mapped[str] = mapped_column(String(HOST_LENGTH))
    pid: Mapped[int]
    process_started_at: Mapped[float]
    slots: Mapped[int]
    eta_seconds: Mapped[float | None]
    entered_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class TrialRow(Base):
    """A trial (:class:`storage.records.TrialRecord`)."""

    __tablename__ = "tuner_trials"
    __table_args__ = (
        Index("ix_tuner_trials_study_state", "study", "state"),
        Index("ix_tuner_trials_study_value", "study", "value"),
        Index("ix_tuner_trials_study_ended", "study", "ended_at"),
    )

    study: Mapped[str] = _study_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[TrialRole]
    state: Mapped[TrialState]
    reason: Mapped[str | None] = mapped_column(String(64))
    evidence: Mapped[dict[str, Any]]
    value: Mapped[float | None]
    values: Mapped[list[float] | None]
    step: Mapped[int | None]
    params: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    run_dir: Mapped[str | None] = mapped_column(Text)
    checkpoint: Mapped[str | None] = mapped_column(Text)
    alignment_png: Mapped[str | None] = mapped_column(Text)
    sample_wav: Mapped[str | None] = mapped_column(Text)
    pid: Mapped[int | None]
    exit_code: Mapped[int | None]
    controller: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    status: Mapped[str | None] = mapped_column(String(32))
    assessment: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AttemptRow(Base):
    """An attempt (:class:`storage.records.AttemptRecord`)."""

    __tablename__ = "tuner_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["study", "number"], ["tuner_trials.study", "tuner_trials.number"], ondelete="CASCADE"
        ),
    )

    study: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    controller: Mapped[str] = mapped_column(String(ID_LENGTH))
    host: Mapped[str] = mapped_column(String(HOST_LENGTH))
    pid: Mapped[int | None]
    process_started_at: Mapped[float | None]
    slot: Mapped[str] = mapped_column(String(64))
    gpus: Mapped[int]
    overrides: Mapped[dict[str, Any]]
    events_offset: Mapped[int]
    first_step: Mapped[int | None]
    last_step: Mapped[int | None]
    checkpoint: Mapped[str | None] = mapped_column(Text)
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    cause: Mapped[str | None] = mapped_column(String(64))


class EventRow(Base):
    """An event (:class:`storage.records.EventRecord`)."""

    __tablename__ = "tuner_events"
    __table_args__ = (Index("ix_tuner_events_study_number", "study", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    study: Mapped[str] = _study_column()
    number: Mapped[int | None]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(64))
    step: Mapped[int | None]
    payload: Mapped[dict[str, Any]]


class ProgressRow(Base):
    """A running trial's progress (:class:`storage.records.ProgressRecord`)."""

    __tablename__ = "tuner_progress"
    __table_args__ = (
        ForeignKeyConstraint(
            ["study", "number"], ["tuner_trials.study", "tuner_trials.number"], ondelete="CASCADE"
        ),
    )

    study: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[int]
    steps: Mapped[int | None]
    loss: Mapped[float | None]
    gradient_norm: Mapped[float | None]
    diagonal_score: Mapped[float | None]
    quality: Mapped[float | None]
    steps_per_second: Mapped[float | None]
    updated_at: Mapped[datetime]


class CommandRow(Base):
    """A command (:class:`storage.records.CommandRecord`)."""

    __tablename__ = "tuner_commands"
    __table_args__ = (Index("ix_tuner_commands_study_state", "study", "state"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    study: Mapped[str] = _study_column()
    number: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]]
    requested_by: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(String(255))
    requested_at: Mapped[datetime]
    state: Mapped[CommandState]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)


class BotChatRow(Base):
    """What a chat of the bot has chosen (:class:`storage.bot_chats.BotChat`)."""

    __tablename__ = "tuner_bot_chats"

    chat: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str | None] = mapped_column(String(16))
    client_language: Mapped[str | None] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(16))
    muted_until: Mapped[datetime | None]
    quiet: Mapped[str | None] = mapped_column(String(16))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    report_every: Mapped[int | None]
    study: Mapped[str | None] = mapped_column(String(NAME_LENGTH))


class BotWatchRow(Base):
    """How far the bot has read a study (:class:`storage.bot_watches.BotWatch`)."""

    __tablename__ = "tuner_bot_watches"

    study: Mapped[str] = _study_column(primary_key=True)
    event_id: Mapped[int]
    state: Mapped[str | None] = mapped_column(String(32))
    best_number: Mapped[int | None]
    best_value: Mapped[float | None]


class BotOutboxRow(Base):
    """An alert for a chat (:class:`storage.bot_outbox.BotMessage`)."""

    __tablename__ = "tuner_bot_outbox"
    __table_args__ = (
        UniqueConstraint("chat", "key", name="uq_tuner_bot_outbox_chat_key"),
        Index("ix_tuner_bot_outbox_state_due", "state", "due_at"),
        Index("ix_tuner_bot_outbox_study", "study"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    chat: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str] = mapped_column(String(64))
    study: Mapped[str] = _study_column()
    number: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    interruptions: Mapped[int]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)


class BotLiveRow(Base):
    """A message that is edited in place (:class:`storage.bot_live.LiveMessage`)."""

    __tablename__ = "tuner_bot_live"

    chat: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    study: Mapped[str] = _study_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]


class BotUpdateRow(Base):
    """An update that the bot has handled (:class:`storage.bot_updates.HandledUpdates`)."""

    __tablename__ = "tuner_bot_updates"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(index=True)
