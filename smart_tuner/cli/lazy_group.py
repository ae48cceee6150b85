"""A group whose commands are imported when they are called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from smart_tuner.cli.errors import ReaderHasLeftError


class LazyCommand(NamedTuple):
    """Where a command is, and its one line of help."""

    target: str
    """``module:attribute``."""
    help: str
    """The first line of the command's own help, so that a listing imports nothing."""


class LazyGroup(click.Group):
    """Its help lists the commands in the order of ``lazy`` and imports none of them."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer needs them."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; ``None`` if there is no such one."""
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name].target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` name; an unknown one gets the nearest, or all there are."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            known = f"{error.message} There are: {', '.join(self.lazy)}."
            nearest = click.NoSuchCommand(error.command_name, possibilities=self.lazy, ctx=ctx)
            raise nearest if nearest.possibilities else click.UsageError(known, ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and return what it returns."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderHasLeftError from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what was registered."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in self.lazy.items()])
