"""Asking a person before something is lost for good."""

import sys

import click

from trainer.exit_codes import BadInputError


def confirmed(question: str) -> bool:
    """Whether the answer is yes.

    Raises:
        BadInputError: nobody was there to answer.
    """
    try:
        return click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise BadInputError("nobody answered: --yes deletes without asking") from None
