"""Run by Alembic for every command; :mod:`storage.migrate` hands over the connection."""

from alembic import context

from storage.revisions import VERSION_TABLE
from storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
