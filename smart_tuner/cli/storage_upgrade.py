"""``smart-tuner storage upgrade``."""

import os

import click

from smart_tuner.cli.database import storage_errors
from smart_tuner.cli.options import storage_option
from smart_tuner.cli.storage_url import storage_url as url_of
from smart_tuner.exit_codes import TunerExit
from storage.upgrading import Upgrade, upgrade_storage


@click.command("upgrade")
@storage_option
def storage_upgrade(storage_url: str | None) -> TunerExit:
    """Bring the tables to the newest version.

    Ours, and Optuna's beside them. Stop its studies first, and make a backup.
    """
    with storage_errors():
        upgrades = upgrade_storage(url_of(storage_url, os.environ))
    for upgrade in upgrades:
        click.echo(_line(upgrade))
    return TunerExit.FINISHED


def _line(upgrade: Upgrade) -> str:
    whose = f"{upgrade.tables}'s tables"
    if upgrade.before == upgrade.after:
        return f"{whose}: nothing to do, they are of the newest version ({upgrade.after})"
    if upgrade.before is None:
        return f"{whose}: made, of version {upgrade.after}"
    return f"{whose}: upgraded from version {upgrade.before} to {upgrade.after}"
