"""Asking the controllers of a study for something; what none could do is refused at once."""

from collections.abc import Mapping
from typing import Any

from storage.commands import Commands
from storage.controllers import Controllers
from storage.database import Database
from storage.records import CommandRecord, CommandState, StudyRecord, StudyState
from storage.trials import Trials


def request(
    database: Database,
    study: StudyRecord,
    kind: str,
    *,
    requested_by: str,
    source: str,
    number: int | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> CommandRecord:
    """Send a command, as :meth:`storage.commands.Commands.send` does.

    Returns:
        The command: pending, or refused where no controller that may yet come could do it.
    """
    commands = Commands(database)
    sent = commands.send(
        study.name,
        kind,
        requested_by=requested_by,
        source=source,
        number=number,
        arguments=arguments,
    )
    if (refusal := _refusal(database, study, kind, number)) is None:
        return sent
    commands.answer(sent.id, CommandState.REFUSED, refusal)
    return commands.get(sent.id) or sent


def expire_unheard(database: Database, study: str) -> None:
    """Let commands that nobody was there to hear in time say so; a controller may yet answer."""
    if not Controllers(database).live(study):
        Commands(database).expire(study)


def _refusal(database: Database, study: StudyRecord, kind: str, number: int | None) -> str | None:
    """Why no controller that may yet come could do it; ``None`` where one could, or is there."""
    if Controllers(database).live(study.name):
        return None
    if kind == "prune" and number is not None:
        trial = Trials(database).get(study.name, number)
        if trial is None:
            return f"study '{study.name}' has no trial {number}"
        if trial.state.ended:
            return f"trial {number} has ended already ({trial.state.value})"
    if study.state is StudyState.FINISHED:
        return f"study '{study.name}' is finished: more trials go on with 'start study --trials N'"
    return None
