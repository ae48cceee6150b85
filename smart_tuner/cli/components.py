"""``smart-tuner components``."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import RenderableType
from rich.text import Text

from dashboards.formatting import setting
from dashboards.tables import plain_table
from smart_tuner.cli.options import json_option
from smart_tuner.cli.output import OutputConsole, print_json
from smart_tuner.components import Component, assemble
from smart_tuner.config import load_config
from smart_tuner.exit_codes import TunerExit


@click.command()
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE",
    help="A study.yaml; default: that of the demo study.",
)  # fmt: skip
@click.option("--preset", metavar="PRESET", help="The model: demo or tacotron2.")
@json_option
def components(config_file: Path | None, preset: str | None, as_json: bool) -> TunerExit:
    """List what trials are made of, and its settings.

    The trainer makes each component once. Exit code 2: one can't be made.
    """
    config = load_config(config_file, {"trainer": {"preset": preset}}, environ=os.environ)
    made = assemble(config)
    if as_json:
        print_json([asdict(component) for component in made])
    else:
        OutputConsole().print(_table(made))
    return TunerExit.FINISHED


def _table(made: Sequence[Component]) -> RenderableType:
    table = plain_table("component", "")
    table.add_column("settings", overflow="fold")
    for component in made:
        state = Text("on", style="green") if component.on else Text("off", style="yellow")
        table.add_row(Text(component.name), state, _settings(component))
    return table


def _settings(component: Component) -> Text:
    """``name=value`` pairs; what the study searches differs from trial to trial."""
    pairs = (
        f"{name}={setting(value)}" + (" (searched)" if name in component.searched else "")
        for name, value in component.settings.items()
    )
    return Text(" ".join(pairs))
