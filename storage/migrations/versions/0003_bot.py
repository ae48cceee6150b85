"""The bot: what chats have chosen, how far it has read, alerts to send, what it has handled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

_NAME = sa.String(512)
_TIME = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "tuner_bot_chats",
        sa.Column("chat", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person", sa.BigInteger),
        sa.Column("language", sa.String(16)),
        sa.Column("client_language", sa.String(16)),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("muted_until", _TIME),
        sa.Column("quiet", sa.String(16)),
        sa.Column("time_zone", sa.String(64)),
        sa.Column("report_every", sa.Integer),
        sa.Column("study", _NAME),
    )
    op.create_table(
        "tuner_bot_watches",
        _study(primary_key=True),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32)),
        sa.Column("best_number", sa.Integer),
        sa.Column("best_value", sa.Double),
    )
    _create_outbox()
    op.create_table(
        "tuner_bot_live",
        sa.Column("chat", sa.BigInteger, primary_key=True, autoincrement=False),
        _study(primary_key=True),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
    )
    op.create_table(
        "tuner_bot_updates",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("handled_at", _TIME, nullable=False),
    )
    op.create_index("ix_tuner_bot_updates_handled_at", "tuner_bot_updates", ["handled_at"])


def downgrade() -> None:
    for table in ("updates", "live", "outbox", "watches", "chats"):
        op.drop_table(f"tuner_bot_{table}")


def _study(*, primary_key: bool = False) -> "sa.Column[str]":
    key = sa.ForeignKey("tuner_studies.name", ondelete="CASCADE")
    return sa.Column("study", _NAME, key, primary_key=primary_key, nullable=False)


def _create_outbox() -> None:
    op.create_table(
        "tuner_bot_outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("chat", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        _study(),
        sa.Column("number", sa.Integer),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("interruptions", sa.Integer, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("chat", "key", name="uq_tuner_bot_outbox_chat_key"),
    )
    op.create_index("ix_tuner_bot_outbox_state_due", "tuner_bot_outbox", ["state", "due_at"])
    op.create_index("ix_tuner_bot_outbox_study", "tuner_bot_outbox", ["study"])
