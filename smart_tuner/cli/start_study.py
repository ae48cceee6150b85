"""``smart-tuner start study``."""

import os
from pathlib import Path

import click

from smart_tuner.cli.database import storage_errors
from smart_tuner.cli.options import storage_option
from smart_tuner.config import load_config
from smart_tuner.exit_codes import TunerExit
from smart_tuner.main import SmartTunerMain

_USUAL_FILE = Path("study.yaml")


@click.command("study")
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE",
    help="A study.yaml; 'smart-tuner init' writes one.",
)  # fmt: skip
@click.option(
    "--corpus", type=click.Path(path_type=Path), metavar="DIR",
    help="LJSpeech folder or NVIDIA filelist; default: a demo corpus, made on the spot.",
)  # fmt: skip
@click.option("--preset", metavar="PRESET", help="The model: demo or tacotron2.")
@click.option("--trials", type=int, metavar="N", help="Trials in all, over every start.")
@click.option("--timeout", metavar="TIME", help="Stop after, such as 2h, 90m or 1h30m.")
@click.option(
    "--budget", metavar="TIME",
    help="What all trainers may run in all, such as 20h, each times its GPUs.",
)  # fmt: skip
@click.option(
    "--jobs", metavar="N|auto", help="Trials at once; auto: what this machine has room for."
)
@click.option("--name", metavar="NAME", help="The study; default: demo, or the corpus' name.")
@storage_option
def start_study(
    config_file: Path | None,
    corpus: Path | None,
    preset: str | None,
    trials: int | None,
    timeout: str | None,
    budget: str | None,
    jobs: str | None,
    name: str | None,
    storage_url: str | None,
) -> TunerExit:
    """Run a study, or continue the one of that name.

    Without options: a demo study of a small model on synthetic speech, a few minutes long. Options
    stand above SMART_TUNER_... variables, and those above the file. Ctrl-C stops politely, and the
    same command continues.
    """
    overrides = {
        "study": {
            "name": name,
            "trials": trials,
            "timeout": timeout,
            "budget": budget,
            "jobs": jobs,
        },
        "corpus": corpus,
        "trainer": {"preset": preset},
        "storage": {"url": storage_url},
    }
    config = load_config(config_file, overrides, environ=os.environ)
    if config_file is None and _USUAL_FILE.exists():
        click.echo(
            f"note: {_USUAL_FILE} is here and not read; to use it: --config {_USUAL_FILE}", err=True
        )
    with storage_errors():
        return SmartTunerMain(config).run()
