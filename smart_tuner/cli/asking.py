"""Asking the controllers of a study for something, and waiting for what they answer."""

import getpass
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

import click

from smart_tuner.cli.database import OpenStudy
from smart_tuner.cli.output import print_json, spinner
from smart_tuner.exit_codes import TunerExit
from storage import commands, requests
from storage.clock import utc_now
from storage.commands import Commands
from storage.controllers import Controllers
from storage.json_values import finite
from storage.records import CommandRecord, CommandState
from storage.requests import request
from trainer.exit_codes import BadInputError

_POLL_SECONDS = 0.15


def ask(
    study: OpenStudy,
    kind: str,
    *,
    number: int | None = None,
    arguments: Mapping[str, Any] | None = None,
    wait: bool = True,
    as_json: bool = False,
) -> TunerExit:
    """Ask for something and say what came of it; Ctrl-C ends the waiting, not the asking.

    Args:
        study: whom it is for.
        kind: the command.
        number: of the trial that it is about.
        arguments: what else there is to say.
        wait: for the answer.
        as_json: print the command as JSON, not its answer.

    Raises:
        BadInputError: it was refused, or nobody was there to hear it.
    """
    sent = request(
        study.database,
        study.record,
        kind,
        requested_by=_user(),
        source=f"cli on {socket.gethostname()}",
        number=number,
        arguments=arguments,
    )
    if sent.state is CommandState.PENDING and not wait:
        _say(sent, "asked; 'smart-tuner commands' shows the answer", as_json)
        return TunerExit.FINISHED
    try:
        answered = _answered(study, sent)
    except KeyboardInterrupt:
        click.echo("\nasked all the same: 'smart-tuner commands' shows the answer", err=True)
        return TunerExit.STOPPED
    done = answered.state is CommandState.DONE
    if done or as_json:
        _say(answered, answered.answer or answered.state.value, as_json)
    if not done:
        raise BadInputError(answered.answer or f"'{kind}' was {answered.state.value}")
    return TunerExit.FINISHED


def to_json(command: CommandRecord) -> dict[str, Any]:
    """A command and what came of it, for programs."""
    answered_at = command.answered_at
    return {
        "id": command.id,
        "study": command.study,
        "command": command.kind,
        "trial": command.number,
        "arguments": finite(command.arguments),
        "requested_by": command.requested_by,
        "source": command.source,
        "requested_at": command.requested_at.isoformat(),
        "state": command.state.value,
        "answered_at": answered_at and answered_at.isoformat(),
        "answer": command.answer,
    }


def expire_unheard(study: OpenStudy) -> None:
    """Let commands that nobody was there to hear in time say so; a controller may yet answer."""
    requests.expire_unheard(study.database, study.record.name)


def _answered(study: OpenStudy, sent: CommandRecord) -> CommandRecord:
    """The command once it is answered, or has expired."""
    pending = sent.state is CommandState.PENDING
    if pending and not Controllers(study.database).live(study.record.name):
        click.echo(
            f"no controller runs study '{sent.study}' now; waiting"
            f" {commands.EXPIRES_AFTER_SECONDS:g} s for one, Ctrl-C to leave",
            err=True,
        )
    with spinner("waiting for the controller...") as show:
        while (command := _look(study, sent)).state is CommandState.PENDING:
            age = (utc_now() - sent.requested_at).total_seconds()
            show(f"waiting for the controller... {age:.0f} s")
            if age > commands.EXPIRES_AFTER_SECONDS:
                expire_unheard(study)
            time.sleep(_POLL_SECONDS)
    return command


def _look(study: OpenStudy, sent: CommandRecord) -> CommandRecord:
    command = Commands(study.database).get(sent.id)
    if command is None:
        raise BadInputError(f"study '{sent.study}' was deleted before it could answer")
    return command


def _say(command: CommandRecord, words: str, as_json: bool) -> None:
    if as_json:
        print_json(to_json(command))
    else:
        click.echo(words)


def _user() -> str:
    """The operating system's name of who asks; a container may know none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
