"""``smart-tuner start``: whatever runs until it is done; the noun comes after the verb."""

import click

from smart_tuner.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "study": LazyCommand(
        "smart_tuner.cli.start_study:start_study", "Run a study, or continue the one of that name."
    ),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def start() -> None:
    """Start something: a study."""
