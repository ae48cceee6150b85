"""``smart-tuner report``."""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import click
from rich.filesize import decimal

from dashboards.report import csv_report, html_report, json_report, markdown_report
from smart_tuner.cli.database import open_study
from smart_tuner.cli.options import addressee_argument, storage_option
from smart_tuner.exit_codes import TunerExit
from storage.database import Database
from trainer.exit_codes import BadInputError
from trainer.paths import write_text

_FORMS: Mapping[str, Callable[[Database, str, str], str]] = {
    "html": html_report,
    "md": markdown_report,
    "json": json_report,
    "csv": csv_report,
}
_STANDARD_OUTPUT = Path("-")
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f]")
_NAME_BYTES = 200
"""Of a file's name, which most file systems end at 255."""


@click.command()
@addressee_argument
@click.option("--name", "option_name", metavar="NAME", help="The same as STUDY.")
@click.option(
    "--format", "form", type=click.Choice(list(_FORMS)),
    help="Default: what FILE ends with, else html.",
)  # fmt: skip
@click.option(
    "--output", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE",
    help="Default: report-STUDY.html; of the other forms standard output, as of -.",
)  # fmt: skip
@storage_option
def report(
    name: str | None,
    option_name: str | None,
    form: str | None,
    output: Path | None,
    storage_url: str | None,
) -> TunerExit:
    """Write what came of a study as one file to keep or to mail.

    Without STUDY: the only one, else the one that was updated last. The HTML page has figures,
    pictures and sound inside, and loads nothing from anywhere. A study that still runs is reported
    as it stands.
    """
    if name is not None and option_name not in (None, name):
        raise click.UsageError(f"two studies are named, {name} and --name={option_name}: name one")
    chosen = form or _form_of(output)
    _check(output)
    with open_study(storage_url, name or option_name) as study:
        made_by = f"smart-tuner {version('smart-tuner')}"
        text = _FORMS[chosen](study.database, study.record.name, made_by)
    _write(text, output or _default(study.record.name, chosen))
    return TunerExit.FINISHED


def _form_of(output: Path | None) -> str:
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return ending if ending in _FORMS else "html"


def _default(study: str, form: str) -> Path:
    return Path(f"report-{_file_name(study)}.html") if form == "html" else _STANDARD_OUTPUT


def _file_name(study: str) -> str:
    """``study`` as a part of a file's name: short, and in one folder."""
    fit = _UNFIT.sub("_", study).encode()[:_NAME_BYTES]
    return fit.decode(errors="ignore")


def _check(output: Path | None) -> None:
    """Before the work, not after it."""
    if output is None or output == _STANDARD_OUTPUT:
        return
    if output.is_dir():
        raise BadInputError(f"--output: {output} is a folder: name a file in it")
    if not output.absolute().parent.is_dir():
        raise BadInputError(f"--output: there is no folder {output.parent}: make it first")


def _write(text: str, output: Path) -> None:
    if output == _STANDARD_OUTPUT:
        click.echo(text, nl=False)
        return
    try:
        write_text(output, text)
    except OSError as error:
        raise BadInputError(
            f"--output: {output} can't be written ({error.strerror}): name another file"
        ) from error
    click.echo(f"Wrote {output} ({decimal(output.stat().st_size)})")
