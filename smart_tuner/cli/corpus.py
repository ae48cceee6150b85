"""``smart-tuner corpus``: the demo corpus, and the check of one's own."""

import click

from smart_tuner.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "demo": LazyCommand(
        "smart_tuner.cli.corpus_demo:corpus_demo", "Make a small corpus of synthetic speech."
    ),
    "check": LazyCommand(
        "smart_tuner.cli.corpus_check:corpus_check", "Check a corpus and say what to fix."
    ),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def corpus() -> None:
    """Make or check a speech corpus."""
