"""``smart-tuner corpus demo``."""

import shlex
from pathlib import Path
from typing import get_args

import click

from smart_tuner.cli.output import progress_bar
from smart_tuner.exit_codes import TunerExit
from trainer.corpus import DemoLanguage, make_demo_corpus


@click.command("demo")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--language", type=click.Choice(get_args(DemoLanguage)), default="en", show_default=True,
    help="What is spoken.",
)  # fmt: skip
def corpus_demo(directory: Path, language: DemoLanguage) -> TunerExit:
    """Make a small corpus of synthetic speech.

    500 sentences spoken by espeak-ng, in LJSpeech layout, the same bytes each time. One that is
    there and intact stays as it is.
    """
    with progress_bar("Speaking") as progress:
        make_demo_corpus(directory, language, progress)
    click.echo(f"The demo corpus is in {directory}.")
    command = f"smart-tuner start study --corpus {shlex.quote(str(directory))} --preset demo"
    click.echo(f"Next: {command}")
    return TunerExit.FINISHED
