"""``smart-tuner synthesize``."""

from pathlib import Path

import click

from smart_tuner.cli.database import OpenStudy, open_study
from smart_tuner.cli.options import name_option, storage_option
from smart_tuner.cli.ranking import ranking
from smart_tuner.cli.synthesis_process import run_synthesis
from smart_tuner.exit_codes import TunerExit
from trainer.exit_codes import BadInputError

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("texts", metavar="[TEXT] OUT", nargs=-1)
@click.option(
    "--checkpoint", type=_PATH, metavar="FILE", help="The voice; default: that of the best trial."
)
@click.option(
    "--text-file", type=_PATH, metavar="FILE",
    help="Instead of TEXT: one text a line, as text or name|text. OUT is then a folder.",
)  # fmt: skip
@click.option(
    "--vocoder", type=_PATH, metavar="DIR_OR_FILE",
    help="A HiFi-GAN generator with its config.json; default: Griffin-Lim.",
)  # fmt: skip
@click.option(
    "--reference", type=_PATH, metavar="WAV", help="Speak in the style of this recording."
)
@click.option(
    "--report", type=_PATH, metavar="FILE.json", help="Write what became of each sentence."
)
@click.option(
    "--batch-size", type=click.IntRange(min=1), metavar="N", help="Sentences at once; default: 8."
)
@click.option(
    "--retries", type=click.IntRange(min=0), metavar="N",
    help="How often a sentence that failed is tried again; default: 2.",
)  # fmt: skip
@click.option(
    "--max-symbols", type=click.IntRange(min=1), metavar="N",
    help="Longer sentences are cut, as spoken; default: 150.",
)  # fmt: skip
@click.option(
    "--pause", type=click.FloatRange(min=0), metavar="SECONDS",
    help="Between two sentences; default: 0.25.",
)  # fmt: skip
@click.option("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N.")
@click.option("--threads", type=click.IntRange(min=1), default=1, metavar="N", help="CPU threads.")
@click.option("--seed", type=int, default=0, metavar="N", help="Another seed, another take.")
@name_option
@storage_option
def synthesize(
    texts: tuple[str, ...],
    checkpoint: Path | None,
    name: str | None,
    storage_url: str | None,
    threads: int,
    **options: object,
) -> TunerExit:
    """Speak TEXT to the WAV OUT, or the texts of a file to WAVs in the folder OUT.

    Long texts are cut into sentences. A sentence that failed is tried again, and named if it fails
    for good; the exit code is 0 all the same.
    """
    if len(texts) > 1 and options["text_file"] is not None:
        raise click.UsageError("give TEXT or --text-file, not both")
    if len(texts) != (2 if options["text_file"] is None else 1):
        raise click.UsageError("say TEXT and OUT, or --text-file FILE and OUT")
    voice = _best_checkpoint(storage_url, name) if checkpoint is None else checkpoint
    passed_on = {"checkpoint": voice, "threads": threads, **options}
    # Joined, and texts after --: what begins with a dash stays what it is.
    settings = [
        f"--{option.replace('_', '-')}={value}"
        for option, value in passed_on.items()
        if value is not None
    ]
    return run_synthesis([*settings, "--", *texts], threads)


def _best_checkpoint(storage_url: str | None, name: str | None) -> Path:
    with open_study(storage_url, name) as study:
        return _checkpoint_of_best(study)


def _checkpoint_of_best(study: OpenStudy) -> Path:
    ranked = ranking(study)
    if ranked is None:
        raise BadInputError(
            f"study '{study.record.name}': no trial is complete: name a --checkpoint"
        )
    checkpoint = ranked.best.checkpoint
    if checkpoint is None or not Path(checkpoint).is_file():
        where = f" ({checkpoint})" if checkpoint else ""
        raise BadInputError(
            f"study '{study.record.name}': the checkpoint of its best trial,"
            f" {ranked.best.number}, is not there{where}: name another with --checkpoint"
        )
    return Path(checkpoint)
