"""Several controllers to a study, the attempts of a trial, and where commands came from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

_NAME = sa.String(512)
_ID = sa.String(36)
_HOST = sa.String(255)
_TIME = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_CONTROLLER_OF_STUDY = (
    ("eta_seconds", sa.Double),
    ("controller_host", _HOST),
    ("controller_pid", sa.Integer),
    ("controller_started_at", sa.Double),
    ("heartbeat_at", _TIME),
)


def upgrade() -> None:
    _create_controllers()
    _create_attempts()
    for name, _ in _CONTROLLER_OF_STUDY:
        op.drop_column("tuner_studies", name)
    _add("tuner_studies", sa.Column("settings", sa.JSON), empty="{}")
    op.add_column("tuner_studies", sa.Column("asking", _ID))
    op.add_column("tuner_trials", sa.Column("controller", _ID))
    op.add_column("tuner_trials", sa.Column("assessment", sa.JSON))
    op.create_index("ix_tuner_trials_study_state", "tuner_trials", ["study", "state"])
    op.create_index("ix_tuner_trials_study_value", "tuner_trials", ["study", "value"])
    op.create_index("ix_tuner_trials_study_ended", "tuner_trials", ["study", "ended_at"])
    op.execute("UPDATE tuner_trials SET state = 'paused' WHERE state = 'stopped'")
    op.execute("UPDATE tuner_trials SET state = 'lost' WHERE state = 'running'")
    op.execute("UPDATE tuner_studies SET state = 'stopped' WHERE state IN ('running', 'paused')")
    _add("tuner_commands", sa.Column("source", _HOST), empty="")


def downgrade() -> None:
    op.drop_column("tuner_commands", "source")
    op.execute("UPDATE tuner_commands SET state = 'refused' WHERE state = 'expired'")
    op.execute(
        "UPDATE tuner_trials SET state = 'stopped'"
        " WHERE state NOT IN ('complete', 'pruned', 'failed')"
    )
    op.execute("UPDATE tuner_trials SET role = 'trial' WHERE role = 'finish'")
    op.execute("UPDATE tuner_studies SET state = 'stopped' WHERE state <> 'finished'")
    op.drop_index("ix_tuner_trials_study_ended", "tuner_trials")
    op.drop_index("ix_tuner_trials_study_value", "tuner_trials")
    op.drop_index("ix_tuner_trials_study_state", "tuner_trials")
    op.drop_column("tuner_trials", "assessment")
    op.drop_column("tuner_trials", "controller")
    op.drop_column("tuner_studies", "asking")
    op.drop_column("tuner_studies", "settings")
    for name, kind in _CONTROLLER_OF_STUDY:
        op.add_column("tuner_studies", sa.Column(name, kind))
    op.drop_table("tuner_attempts")
    op.drop_table("tuner_controllers")


def _add(table: str, column: "sa.Column[object]", empty: str) -> None:
    """A column without NULLs: filled for the rows that are there, and with no default after."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:  # it adds no column without a default to a table with rows
        column.server_default, column.nullable = sa.DefaultClause(empty), False
        op.add_column(table, column)
        return
    op.add_column(table, column)
    op.execute(f"UPDATE {table} SET {column.name} = '{empty}'")
    op.alter_column(table, column.name, nullable=False, existing_type=column.type)


def _create_controllers() -> None:
    op.create_table(
        "tuner_controllers",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "study", _NAME, sa.ForeignKey("tuner_studies.name", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("host", _HOST, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_started_at", sa.Double, nullable=False),
        sa.Column("slots", sa.Integer, nullable=False),
        sa.Column("eta_seconds", sa.Double),
        sa.Column("entered_at", _TIME, nullable=False),
        sa.Column("heartbeat_at", _TIME, nullable=False),
        sa.Column("left_at", _TIME),
    )
    op.create_index("ix_tuner_controllers_study", "tuner_controllers", ["study"])


def _create_attempts() -> None:
    op.create_table(
        "tuner_attempts",
        sa.Column("study", _NAME, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("controller", _ID, nullable=False),
        sa.Column("host", _HOST, nullable=False),
        sa.Column("pid", sa.Integer),
        sa.Column("process_started_at", sa.Double),
        sa.Column("slot", sa.String(64), nullable=False),
        sa.Column("gpus", sa.Integer, nullable=False),
        sa.Column("overrides", sa.JSON, nullable=False),
        sa.Column("events_offset", sa.Integer, nullable=False),
        sa.Column("first_step", sa.Integer),
        sa.Column("last_step", sa.Integer),
        sa.Column("checkpoint", sa.Text),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME),
        sa.Column("exit_code", sa.Integer),
        sa.Column("cause", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["study", "number"], ["tuner_trials.study", "tuner_trials.number"], ondelete="CASCADE"
        ),
    )
