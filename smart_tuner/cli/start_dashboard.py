"""``smart-tuner start dashboard``."""

import os
import webbrowser
from pathlib import Path

import click

from dashboards.web.origin import allowed_names
from dashboards.web.server import serve
from dashboards.web.settings import PASSWORD_VARIABLE, WebError, WebSettings
from smart_tuner.cli.database import open_serving
from smart_tuner.cli.options import storage_option
from smart_tuner.exit_codes import TunerExit
from storage.database import Database
from trainer.exit_codes import BadInputError


@click.command("dashboard")
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help=f"The address to listen on; any but this machine's own needs {PASSWORD_VARIABLE}.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True,
    help="The port to listen on; 0: any that is free.",
)  # fmt: skip
@click.option("--read-only", is_flag=True, help="Refuse whatever would change something.")
@click.option(
    "--runs", type=click.Path(path_type=Path, file_okay=False, exists=True), metavar="DIR",
    help="Where the runs lie, if not where they were made: DIR/STUDY/TRIAL.",
)  # fmt: skip
@click.option(
    "--allowed-hosts", multiple=True, metavar="NAMES",
    help="Names by which browsers call this server, besides its own; separated by commas.",
)  # fmt: skip
@click.option("--open", "open_browser", is_flag=True, help="Open it in a browser.")
@storage_option
def start_dashboard(
    host: str,
    port: int,
    read_only: bool,
    runs: Path | None,
    allowed_hosts: tuple[str, ...],
    open_browser: bool,
    storage_url: str | None,
) -> TunerExit:
    """Show studies in the browser.

    With their sound, pictures, notes and figures, and buttons to pause, resume, stop and prune.
    Whoever reaches the server may use it: it listens to this machine alone, and asks for the
    password that the environment variable SMART_TUNER_DASHBOARD__PASSWORD holds, if any. Ctrl-C
    ends it; studies go on.
    """
    try:
        settings = WebSettings(
            host=host,
            port=port,
            read_only=read_only,
            password=_password(),
            allowed_hosts=allowed_names(allowed_hosts),
            runs=None if runs is None else runs.resolve(),
        )
        with open_serving(storage_url) as database:
            serve(database, settings, lambda address: _say(address, database, open_browser))
    except WebError as error:
        raise BadInputError(str(error)) from error
    return TunerExit.FINISHED


def _password() -> str | None:
    """``None`` where there is none; blanks alone are none."""
    told = os.environ.get(PASSWORD_VARIABLE, "")
    return told if told.strip() else None


def _say(address: str, database: Database, open_browser: bool) -> None:
    click.echo(f"dashboard of {database.safe_url}: {address}/dashboard, buttons: {address}/control")
    click.echo("Ctrl-C ends it; studies go on")
    if open_browser:
        webbrowser.open(f"{address}/dashboard")
