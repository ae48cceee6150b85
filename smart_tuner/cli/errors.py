"""The edge of the program: every way to fail becomes an exit code and one line."""

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import click

from smart_tuner.exit_codes import TunerExit
from trainer.exit_codes import BadInputError

PROGRAM = "smart-tuner"
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)\S+@")
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
"""Errors of the system that a person mends: permissions, a full or a read-only disk."""


class ReaderHasLeftError(Exception):
    """Nobody reads standard output any more; click would take the pipe's own error for its own."""


@dataclass
class Invocation:
    """What stood before the command; the program fills it in as soon as it is parsed."""

    debug: bool = False


def run(program: click.Command, argv: Sequence[str] | None) -> int:
    """Run ``program`` and return the exit code; nothing but SystemExit leaves it."""
    invocation = Invocation()
    try:
        code = program.main(argv, prog_name=PROGRAM, standalone_mode=False, obj=invocation)
        sys.stdout.flush()  # here a closed pipe can still be dealt with
        return TunerExit(code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return TunerExit.BAD_INPUT
    except click.ClickException as error:
        return _refused(_usage(error), error, invocation)
    except BadInputError as error:
        return _refused(str(error), error, invocation)
    except (click.Abort, KeyboardInterrupt):
        return TunerExit.STOPPED
    except (ReaderHasLeftError, BrokenPipeError):
        return _reader_has_left()
    except Exception as error:  # noqa: BLE001 - the one catch-all, at the edge
        return _failed(error, invocation)


def redacted(text: str) -> str:
    """``text`` without the passwords of URLs."""
    return _URL_PASSWORD.sub(r"\1***@", text)


def _refused(message: str, error: Exception, invocation: Invocation) -> TunerExit:
    _say(message, error, invocation)
    return TunerExit.BAD_INPUT


def _failed(error: Exception, invocation: Invocation) -> TunerExit:
    if isinstance(error, OSError) and error.errno in _NOT_OURS:
        place = error.filename if error.filename is not None else "the system"
        remedy = "change its permissions, free some space, or name another place"
        return _refused(f"{place}: {error.strerror}: {remedy}", error, invocation)
    cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    hint = "report it" if invocation.debug else f"'{PROGRAM} --debug ...' shows the details"
    _say(f"{cause} (this is a bug; {hint})", error, invocation)
    return TunerExit.INTERNAL_ERROR


def _say(message: str, error: Exception, invocation: Invocation) -> None:
    if invocation.debug:
        click.echo(redacted("".join(traceback.format_exception(error))), err=True, nl=False)
    click.echo(redacted(f"error: {' '.join(message.splitlines())}"), err=True)


def _usage(error: click.ClickException) -> str:
    """What click says, in one line and in the manner of the other errors."""
    text = " ".join(error.format_message().split())
    if isinstance(error, click.NoSuchOption | click.NoSuchCommand) and error.possibilities:
        text = f"{error.message.removesuffix('.')}; did you mean '{error.possibilities[0]}'?"
    line = text[:1].lower() + text[1:].removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return line if context is None else f"{line} (see '{context.command_path} --help')"


def _reader_has_left() -> TunerExit:
    """``smart-tuner trials | head``: it has what it wanted, and the exit must not flush again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return TunerExit.FINISHED
