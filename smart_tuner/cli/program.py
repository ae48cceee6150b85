"""The program ``smart-tuner``: its commands, and the options that stand before them."""

import click

from smart_tuner.cli.errors import Invocation
from smart_tuner.cli.lazy_group import LazyCommand, LazyGroup

_COMMANDS = {
    "start": LazyCommand(
        "smart_tuner.cli.start:start",
        "Start a study, or what shows studies: the dashboard, MLflow, the bot.",
    ),
    "status": LazyCommand("smart_tuner.cli.status:status", "Show how a study stands."),
    "studies": LazyCommand("smart_tuner.cli.studies:studies", "List the studies of a database."),
    "trials": LazyCommand("smart_tuner.cli.trials:trials", "List the trials of a study."),
    "best": LazyCommand("smart_tuner.cli.best:best", "Show the best trial and where its voice is."),
    "show": LazyCommand(
        "smart_tuner.cli.show:show", "Show how a trial stands, why, and what to try."
    ),
    "report": LazyCommand(
        "smart_tuner.cli.report:report",
        "Write what came of a study as one file to keep or to mail.",
    ),
    "logs": LazyCommand("smart_tuner.cli.logs:logs", "Print what the trainer of a trial said."),
    "pause": LazyCommand(
        "smart_tuner.cli.pause:pause", "Pause a study; its trainers leave with checkpoints."
    ),
    "resume": LazyCommand("smart_tuner.cli.resume:resume", "Go on with a paused study."),
    "stop": LazyCommand(
        "smart_tuner.cli.stop:stop", "Stop a study; its trainers leave with checkpoints."
    ),
    "prune": LazyCommand("smart_tuner.cli.prune:prune", "Give up a trial of a running study."),
    "set": LazyCommand(
        "smart_tuner.cli.set_values:set_values",
        "Change trials, jobs, timeout or budget of a running study.",
    ),
    "enqueue": LazyCommand("smart_tuner.cli.enqueue:enqueue", "Try settings of your own next."),
    "commands": LazyCommand("smart_tuner.cli.commands:commands", "List what was asked of a study."),
    "synthesize": LazyCommand(
        "smart_tuner.cli.synthesize:synthesize",
        "Speak TEXT to the WAV OUT, or the texts of a file to WAVs in the folder OUT.",
    ),
    "mlflow": LazyCommand(
        "smart_tuner.cli.mlflow:mlflow", "Send to MLflow what it does not have yet."
    ),
    "components": LazyCommand(
        "smart_tuner.cli.components:components", "List what trials are made of, and its settings."
    ),
    "doctor": LazyCommand(
        "smart_tuner.cli.doctor:doctor", "Compare Optuna's state with ours, and mend what is wrong."
    ),
    "storage": LazyCommand(
        "smart_tuner.cli.storage:storage",
        "Back up, restore, upgrade or tidy a database of studies.",
    ),
    "delete": LazyCommand("smart_tuner.cli.delete:delete", "Delete a study with its files."),
    "corpus": LazyCommand("smart_tuner.cli.corpus:corpus", "Make or check a speech corpus."),
    "init": LazyCommand("smart_tuner.cli.init:init", "Write a commented study.yaml."),
}


@click.group(
    cls=LazyGroup,
    lazy=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with 'smart-tuner start study': without anything else it runs a small demo.",
)
@click.version_option(package_name="smart-tuner", prog_name="smart-tuner")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_obj
def program(invocation: Invocation, debug: bool) -> None:
    """Studies that find the hyperparameters of a Tacotron 2 voice: corpus in, best voice out."""
    invocation.debug = debug
