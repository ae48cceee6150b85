"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

# Spelt out here, apart from storage.column_types: a migration never changes again.
_NAME = sa.String(512)
_STATE = sa.String(32)
_TIME = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    _create_studies()
    _create_trials()
    _create_events()
    _create_progress()
    _create_commands()


def downgrade() -> None:
    for table in ("commands", "progress", "events", "trials", "studies"):
        op.drop_table(f"tuner_{table}")


def _create_studies() -> None:
    op.create_table(
        "tuner_studies",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("identity", sa.JSON, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("trials_target", sa.Integer),
        sa.Column("eta_seconds", sa.Double),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("controller_host", sa.String(255)),
        sa.Column("controller_pid", sa.Integer),
        sa.Column("controller_started_at", sa.Double),
        sa.Column("heartbeat_at", _TIME),
    )


def _create_trials() -> None:
    op.create_table(
        "tuner_trials",
        sa.Column("study", _NAME, _study_key(), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("role", _STATE, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("values", sa.JSON),
        sa.Column("step", sa.Integer),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("run_dir", sa.Text),
        sa.Column("checkpoint", sa.Text),
        sa.Column("alignment_png", sa.Text),
        sa.Column("sample_wav", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("exit_code", sa.Integer),
        sa.Column("status", sa.String(32)),
        sa.Column("started_at", _TIME),
        sa.Column("ended_at", _TIME),
    )


def _create_events() -> None:
    op.create_table(
        "tuner_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study", _NAME, _study_key(), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("payload", sa.JSON, nullable=False),
    )
    op.create_index("ix_tuner_events_study_number", "tuner_events", ["study", "number"])


def _create_progress() -> None:
    op.create_table(
        "tuner_progress",
        sa.Column("study", _NAME, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer),
        sa.Column("loss", sa.Double),
        sa.Column("gradient_norm", sa.Double),
        sa.Column("diagonal_score", sa.Double),
        sa.Column("quality", sa.Double),
        sa.Column("steps_per_second", sa.Double),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["study", "number"], ["tuner_trials.study", "tuner_trials.number"], ondelete="CASCADE"
        ),
    )


def _create_commands() -> None:
    op.create_table(
        "tuner_commands",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("study", _NAME, _study_key(), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("requested_by", sa.String(255), nullable=False),
        sa.Column("requested_at", _TIME, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("answered_at", _TIME),
        sa.Column("answer", sa.Text),
    )
    op.create_index("ix_tuner_commands_study_state", "tuner_commands", ["study", "state"])


def _study_key() -> sa.ForeignKey:
    return sa.ForeignKey("tuner_studies.name", ondelete="CASCADE")
