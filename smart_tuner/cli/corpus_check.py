"""``smart-tuner corpus check``."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from smart_tuner.cli.options import json_option
from smart_tuner.cli.output import OutputConsole, print_json, progress_bar
from smart_tuner.corpus_view import draw_report, print_report
from smart_tuner.exit_codes import TunerExit
from storage.json_values import finite
from trainer.corpus import CorpusReport, check_corpus
from trainer.exit_codes import BadInputError


@click.command("check")
@click.argument("corpus", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--picture", type=click.Path(path_type=Path), metavar="PNG", default="corpus_check.png",
    show_default=True, help="Where the picture goes.",
)  # fmt: skip
@json_option
def corpus_check(corpus: Path, picture: Path, as_json: bool) -> TunerExit:
    """Check a corpus and say what to fix.

    DIR is an LJSpeech folder or an NVIDIA filelist. Every recording is decoded. Exit code 2: there
    are errors, which would keep a study from starting.
    """
    with progress_bar("Listening") as progress:
        report = check_corpus(corpus, progress)
    _draw(report, picture)
    if as_json:
        print_json({**_to_json(report), "picture": str(picture)})
    else:
        console = OutputConsole()
        print_report(report, console)
        console.print(Text(f"Picture: {picture}"), soft_wrap=True)
    return TunerExit.BAD_INPUT if report.errors else TunerExit.FINISHED


def _draw(report: CorpusReport, picture: Path) -> None:
    try:
        draw_report(report, picture)
    except OSError as error:
        raise BadInputError(
            f"{picture}: the picture can't be written ({error.strerror}):"
            " name another place with --picture"
        ) from error


def _to_json(report: CorpusReport) -> dict[str, Any]:
    """All of the report; paths as text, what is not finite (the peak of silence) as null."""
    fields = {**asdict(report), "path": str(report.path), "hours": report.hours}
    result: dict[str, Any] = finite(fields)
    return result
