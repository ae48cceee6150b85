"""``smart-tuner enqueue``."""

import click

from smart_tuner.cli.asking import ask
from smart_tuner.cli.database import open_addressee
from smart_tuner.cli.options import addressee_option, json_option, no_wait_option, storage_option
from smart_tuner.exit_codes import TunerExit
from smart_tuner.search.enqueueing import checked_params, read_space
from trainer.hparams.parsing import parse_assignments


@click.command()
@click.argument("words", metavar="[STUDY] NAME=VALUE,...", nargs=-1, required=True)
@addressee_option
@no_wait_option
@json_option
@storage_option
def enqueue(
    words: tuple[str, ...],
    name: str | None,
    no_wait: bool,
    as_json: bool,
    storage_url: str | None,
) -> TunerExit:
    """Try settings of your own next.

    Such as learning_rate=1e-3,guide_g=0.3; what is searched and not named, the sampler chooses.
    """
    named = name is None and len(words) == 2
    if len(words) != 1 + named:
        raise click.UsageError("say STUDY once, and all settings in one word: a=1,b=2")
    params = parse_assignments(words[-1])
    with open_addressee(storage_url, words[0] if named else name) as study:
        typed = checked_params(read_space(study.record.config), params)
        return ask(study, "enqueue", arguments={"params": typed}, wait=not no_wait, as_json=as_json)
