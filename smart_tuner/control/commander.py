"""Commands of people outside: each obeyed once, answered, and put on record."""

from collections.abc import Callable, Mapping
from typing import Any

from smart_tuner.control.context import Context
from smart_tuner.control.ledger import PRUNE_REQUESTED
from smart_tuner.control.live_settings import apply_settings, checked_settings, describe_settings
from smart_tuner.health import Reason
from smart_tuner.search.enqueueing import checked_params
from storage.commands import Commands
from storage.records import CommandRecord, CommandState, StudyRecord, StudyState, TrialRecord
from storage.studies import Studies
from trainer.exit_codes import BadInputError

_Answer = tuple[CommandState, str]


class _NotOursToAnswerError(Exception):
    """Another controller has answered the command, or is the one to."""


class Commander:
    """Obeys the commands of one study.

    Effects lie in the answer's own transaction: a controller that is killed in between has done
    both or neither. Optuna's side, which has connections of its own, comes before it (and can be
    repeated) or after it (and :class:`smart_tuner.control.recovery.Recovery` makes up for it).
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._commands = Commands(context.database)
        self._studies = Studies(context.database)
        self._after: list[Callable[[], None]] = []
        self._kinds: Mapping[str, Callable[[CommandRecord], _Answer | None]] = {
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
            "prune": self._prune,
            "set": self._set,
            "enqueue": self._enqueue,
        }

    def obey(self) -> bool:
        """Read what is asked, and do it; whether anything was answered."""
        pending = self._commands.pending(self._context.study)
        overdue = {one.id for one in self._commands.expire(self._context.study)} if pending else {}
        answered = [self._obey(command) for command in pending if command.id not in overdue]
        return any(answered)

    def _obey(self, command: CommandRecord) -> bool:
        """Whether it was answered: by this controller, and for the first time."""
        if command.kind == "enqueue" and not self._enqueued(command):
            return False
        self._after = []
        try:
            with self._context.database.transaction():
                answer = self._answer(command)
        except _NotOursToAnswerError:
            return False
        for effect in self._after:
            effect()
        self._context.sink.say(f"{command.kind} (asked by {command.requested_by}): {answer[1]}")
        return True

    def _answer(self, command: CommandRecord) -> _Answer:
        """What the command changes is rolled back where another controller has answered it."""
        self._context.config = self._context.registration.configured()
        try:
            answer = self._kinds.get(command.kind, self._unknown)(command)
        except BadInputError as error:
            answer = CommandState.REFUSED, str(error)
        if answer is None or not self._commands.answer(command.id, *answer):
            raise _NotOursToAnswerError
        self._context.ledger.note("command", command.number, None, _record(command, *answer))
        return answer

    def _pause(self, command: CommandRecord) -> _Answer:
        if self._study.state in (StudyState.PAUSING, StudyState.PAUSED):
            return CommandState.DONE, "paused already"
        if not self._change(StudyState.PAUSING, StudyState.RUNNING):
            return self._cannot("is not running")
        active = sum(trial.state.active for trial in self._context.ledger.unfinished())
        who = "1 trainer is leaving" if active == 1 else f"{active} trainers are leaving"
        return CommandState.DONE, f"pausing: {who} with checkpoints" if active else "paused"

    def _resume(self, command: CommandRecord) -> _Answer:
        if self._change(StudyState.RUNNING, StudyState.PAUSED, StudyState.PAUSING):
            return CommandState.DONE, "running again"
        return self._cannot("is not paused")

    def _stop(self, command: CommandRecord) -> _Answer:
        states = (StudyState.RUNNING, StudyState.PAUSED, StudyState.PAUSING)
        if self._change(StudyState.STOPPING, *states):
            return CommandState.DONE, "stopping with checkpoints"
        return CommandState.DONE, "stopping already"

    def _prune(self, command: CommandRecord) -> _Answer | None:
        """A trial that another controller runs is left to that one."""
        context, number = self._context, command.number
        if number is None:
            raise BadInputError("name the trial to prune by its number")
        trial = context.ledger.trial(number)
        if trial is None:
            return self._cannot(f"has no trial {number}")
        if trial.state.ended:
            answer = f"trial {number} has ended already ({trial.state.value})"
            return CommandState.REFUSED, answer
        run = context.running.get(number)
        who = {"asked_by": command.requested_by, "asked_from": command.source}
        if run is not None:
            context.ledger.note(PRUNE_REQUESTED, number, run.seen.step, who)
            self._after.append(lambda: run.give_up(Reason.STOPPED, who))
        elif not trial.state.waiting or not context.ledger.claim(trial):
            return None
        else:
            context.ledger.tidy(number, context.launcher.paths(number), only_last=True)
            pruned = context.ledger.given_up(trial, Reason.STOPPED, who)
            self._after.append(lambda: self._teach(pruned))
        return CommandState.DONE, f"trial {number} is pruned"

    def _set(self, command: CommandRecord) -> _Answer:
        settings = checked_settings(command.arguments)
        words = describe_settings(self._context.config, settings)
        self._settle(settings)
        return CommandState.DONE, words

    def _enqueued(self, command: CommandRecord) -> bool:
        """Optuna's side; ``False`` while another controller asks: then it is tried again."""
        context = self._context
        try:
            params = self._params(command)
        except BadInputError:
            return True  # to be refused
        if not context.registration.take_turn():
            return False
        context.proposals.enqueue(params, command.id)
        context.registration.release_turn()
        return True

    def _enqueue(self, command: CommandRecord) -> _Answer:
        """Tried in place of what the sampler would ask for; one trial more where that was all."""
        params, asked = self._params(command), self._context.ledger.n_trials()
        if asked >= self._context.config.study.trials:
            self._settle({"trials": asked + 1})
        shown = [
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in params.items()
        ]
        return CommandState.DONE, f"tried next: {', '.join(shown)}"

    def _teach(self, pruned: TrialRecord) -> None:
        self._context.proposals.take_up(pruned.number)
        self._context.teach(pruned)

    def _params(self, command: CommandRecord) -> dict[str, Any]:
        return checked_params(self._context.config.space, command.arguments.get("params", {}))

    def _settle(self, settings: Mapping[str, Any]) -> None:
        context = self._context
        merged = {**self._study.settings, **settings}
        trials = apply_settings(context.registration.base, merged).study.trials
        self._studies.update(context.study, settings=merged, trials_target=trials)

    def _unknown(self, command: CommandRecord) -> _Answer:
        kinds = ", ".join(self._kinds)
        return CommandState.REFUSED, f"'{command.kind}' is no command: there are {kinds}"

    def _cannot(self, why: str) -> _Answer:
        return CommandState.REFUSED, f"study '{self._context.study}' {why}"

    def _change(self, after: StudyState, *before: StudyState) -> bool:
        change = self._context.registration.change_state
        return any(change(state, after) for state in before)

    @property
    def _study(self) -> StudyRecord:
        return self._context.registration.record()


def _record(command: CommandRecord, state: CommandState, answer: str) -> dict[str, Any]:
    return {
        "command": command.id,
        "kind": command.kind,
        "arguments": dict(command.arguments),
        "requested_by": command.requested_by,
        "source": command.source,
        "state": state.value,
        "answer": answer,
    }
