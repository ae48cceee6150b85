"""``smart-tuner synthesize``."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from smart_tuner.cli.database import OpenStudy, open_study
from smart_tuner.cli.options import name_option, storage_option
from smart_tuner.cli.ranking import ranking
from smart_tuner.exit_codes import TunerExit
from smart_tuner.trainer_process import trainer_environment
from trainer.exit_codes import BadInputError, TrainerExit

_SAME = {
    TrainerExit.FINISHED: TunerExit.FINISHED,
    TrainerExit.BAD_INPUT: TunerExit.BAD_INPUT,
    TrainerExit.STOPPED: TunerExit.STOPPED,
}
"""Exits of the trainer that mean the same here; it has said all there is to say."""


class TrainerFailedError(RuntimeError):
    """The trainer ended as it never should; its words are in the notes."""


@click.command()
@click.argument("text")
@click.argument("out", metavar="OUT.WAV", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), metavar="FILE",
    help="The voice; default: that of the best trial.",
)  # fmt: skip
@click.option("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda or cuda:N.")
@click.option("--threads", type=click.IntRange(min=1), default=1, metavar="N", help="CPU threads.")
@click.option("--seed", type=int, default=0, metavar="N", help="Another seed, another take.")
@name_option
@storage_option
def synthesize(
    text: str,
    out: Path,
    checkpoint: Path | None,
    device: str,
    threads: int,
    seed: int,
    name: str | None,
    storage_url: str | None,
) -> TunerExit:
    """Speak a text to a WAV."""
    voice = _best_checkpoint(storage_url, name) if checkpoint is None else checkpoint
    options = {"checkpoint": voice, "device": device, "threads": threads, "seed": seed}
    # Joined, and texts after --: what begins with a dash stays what it is.
    settings = [f"--{option}={value}" for option, value in options.items()]
    return _run(["synthesize", *settings, "--", text, str(out)], threads)


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


def _run(arguments: Sequence[str], threads: int) -> TunerExit:
    command = [sys.executable, "-P", "-m", "trainer", *arguments]
    done = subprocess.run(
        command,
        env=trainer_environment(os.environ, threads),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode in _SAME:
        click.echo(done.stderr, err=True, nl=False)
        return _SAME[TrainerExit(done.returncode)]
    if done.returncode == TrainerExit.OUT_OF_MEMORY:
        raise BadInputError("not enough memory to speak: try --device cpu, or end other programs")
    error = TrainerFailedError(f"the trainer ended with exit code {done.returncode}")
    error.add_note(done.stderr)
    raise error
