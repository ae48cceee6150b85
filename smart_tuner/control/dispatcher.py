"""Starting trainers where there is room: trials that wait first, then new ones."""

from pathlib import Path

from smart_tuner.control.agenda import Agenda
from smart_tuner.control.context import Context
from smart_tuner.control.ledger import NotOursError
from smart_tuner.control.overrides import overrides_after
from smart_tuner.control.trial_lines import start_line
from smart_tuner.control.watch import Watch
from smart_tuner.launch import lease
from smart_tuner.resources.slots import SlotPool
from smart_tuner.search.proposals import Proposal
from storage.records import TrialRecord
from trainer.exit_codes import BadInputError
from trainer.hparams import parse_hparams


class Dispatcher:
    """Of one controller; others may start trials of the same study."""

    def __init__(self, context: Context, agenda: Agenda, watch: Watch, slots: SlotPool) -> None:
        self._context, self._agenda, self._watch = context, agenda, watch
        self._slots = slots

    def fill(self) -> None:
        """Start as many trainers as there are slots free, and something to run."""
        running = self._context.running
        while self._slots.free:
            waiting = [trial for trial in self._agenda.waiting if trial.number not in running]
            launched = self._go_on(waiting) if waiting else self._launch_new()
            if not launched:
                return

    def _go_on(self, waiting: list[TrialRecord]) -> bool:
        """Take up the first that no other controller takes before."""
        trial = next((one for one in waiting if self._context.ledger.claim(one)), None)
        if trial is not None:
            self._launch(self._context.proposals.take_up(trial.number), trial)
            self._agenda.take_off(trial.number)
        else:
            self._agenda.refresh()
        return trial is not None

    def _launch_new(self) -> bool:
        context = self._context
        if not self._agenda.has_new or not context.registration.take_turn():
            return False
        with context.registration.turn():
            proposal = self._agenda.next()
            if proposal is not None:
                context.ledger.begin(proposal, context.launcher.paths(proposal.number))
        if proposal is not None:
            self._launch(proposal, None)
        return proposal is not None

    def _launch(self, proposal: Proposal, trial: TrialRecord | None) -> None:
        """Start a trainer; ``trial``: what is known of one that goes on."""
        context, number = self._context, proposal.number
        try:
            hparams = context.launcher.hparams(dict(proposal.params))
            overrides = overrides_after(context.ledger.attempts(number), hparams) if trial else {}
            hparams = parse_hparams(overrides, hparams)
        except BadInputError as error:  # each value is legal, but not beside the others
            context.teach(context.ledger.refused(proposal, str(error)))
            context.sink.say(f"{proposal.name} can't run: {error}")
            return
        self._check_alone(proposal, is_first=not context.ledger.attempts(number))
        slot = self._slots.take()
        assert slot is not None
        context.sink.say(start_line(proposal, goes_on=self._goes_on(proposal)))
        try:
            offset = context.launcher.events_offset(number)
            attempt = context.ledger.begin_attempt(trial, number, slot, offset, overrides)
        except NotOursError:
            self._slots.give_back(slot)
            return
        try:
            self._fork(proposal)
            process = context.launcher.start(number, hparams, steps=proposal.steps, gpu=slot.gpu)
        except OSError as error:
            self._watch.follow_unstarted(proposal, attempt, error)
            return
        run = self._watch.follow(proposal, process, attempt, is_new=trial is None)
        context.ledger.running(run)

    def _goes_on(self, proposal: Proposal) -> bool:
        return proposal.continues is not None or self._context.launcher.goes_on(proposal.number)

    def _check_alone(self, proposal: Proposal, *, is_first: bool) -> None:
        """A run directory is one trial's: not another one's with this number elsewhere."""
        context, paths = self._context, self._context.launcher.paths(proposal.number)
        watcher = lease.watcher(paths.lease)
        if watcher is not None and watcher != context.registration.process:
            whose = f"process {watcher.pid} on {watcher.host} has a trainer at work there"
        elif is_first and paths.hparams.exists():
            whose = "another trial was trained there"
        else:
            return
        context.ledger.put_back(proposal.number)
        raise BadInputError(
            f"{paths.root}: {whose} that this database knows nothing of: is it a copy of another "
            "study's? Nothing was changed there; start it in another directory"
        )

    def _fork(self, proposal: Proposal) -> None:
        """What continues another trial begins with its checkpoint, whoever was killed over it."""
        launcher, number = self._context.launcher, proposal.number
        if proposal.continues is None or launcher.goes_on(number):
            return
        source = self._context.ledger.trial(proposal.continues)
        if source is not None and source.checkpoint is not None:
            launcher.fork(Path(source.checkpoint), number)
