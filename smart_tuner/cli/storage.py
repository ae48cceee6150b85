"""``smart-tuner storage``: the care of a database, and of the files that its studies have made."""

import click

from smart_tuner.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "backup": LazyCommand(
        "smart_tuner.cli.storage_backup:storage_backup", "Copy the whole database to one file."
    ),
    "restore": LazyCommand(
        "smart_tuner.cli.storage_restore:storage_restore",
        "Fill an empty database from a backup.",
    ),
    "upgrade": LazyCommand(
        "smart_tuner.cli.storage_upgrade:storage_upgrade",
        "Bring the tables to the newest version.",
    ),
    "prune": LazyCommand(
        "smart_tuner.cli.storage_prune:storage_prune",
        "Delete checkpoints and samples that nobody needs any more.",
    ),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def storage() -> None:
    """Back up, restore, upgrade or tidy a database of studies."""
