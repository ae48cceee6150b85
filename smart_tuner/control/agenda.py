"""What a study still has to run, and in which order."""

import json
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from smart_tuner.control.budget import Phase, finish_steps, phase_of, seconds_per_step
from smart_tuner.control.context import Context
from smart_tuner.search.proposals import Proposal
from storage.records import TrialRecord, TrialRole
from storage.trials import Trials


class Agenda:
    """Unfinished trials first, then the known-good start, the probes, and what is asked.

    Several controllers may work at it: everything is read from the database.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.unfinished: Sequence[TrialRecord] = ()
        """Begun and not ended, whoever runs them."""
        self._new = 0
        self._probes: Sequence[Mapping[str, Any]] = ()
        self.phase = Phase.SEARCH
        self.budget_left: float | None = None
        """Seconds of trainers, times their GPUs; ``None``: without end."""

    def refresh(self) -> None:
        """Look at what there is."""
        self.unfinished = self._context.ledger.unfinished()
        self._count()
        self.phase = self._phase()

    def take_off(self, number: int) -> None:
        """A trial that was waiting has a trainer now."""
        self.unfinished = [trial for trial in self.unfinished if trial.number != number]

    @property
    def remaining(self) -> int:
        """How many trials and probes are still to be started or ended, by whomever."""
        return len(self.loads)

    @property
    def loads(self) -> list[float]:
        """Of each of these the share that is still to be run, in about their order."""
        return self.loads_beside(())

    def loads_beside(self, running: Container[int]) -> list[float]:
        """The same without the trials of these numbers."""
        if self.phase is Phase.SPENT:
            return []
        steps = self._context.config.trainer.steps
        begun = [
            max(0.0, 1.0 - (trial.step or 0) / steps)
            for trial in self.unfinished
            if self._runs(trial) and trial.number not in running
        ]
        if self.phase is Phase.FINISH:
            return begun + [1.0] * (self._finish_source() is not None)
        return begun + [1.0] * (self._new + len(self._probes))

    @property
    def waiting(self) -> list[TrialRecord]:
        """The begun ones that anybody may go on with now, by number."""
        neighbours, me = self._context.neighbours, self._context.registration.id
        return [
            trial
            for trial in self.unfinished
            if trial.state.waiting
            and self._runs(trial)
            and (trial.controller in (None, me) or neighbours.has_left(str(trial.controller)))
        ]

    @property
    def has_new(self) -> bool:
        """Whether something is left to be asked for."""
        if self.phase is Phase.FINISH:
            return self._finish_source() is not None
        return self.phase is Phase.SEARCH and bool(self._new or self._probes)

    def next(self) -> Proposal | None:
        """A new trial to run; ``None`` where none is left. Asked with the turn alone."""
        self._count()
        if self.phase is Phase.FINISH:
            return self._next_finish()
        if not self.has_new:
            return None
        proposals = self._context.proposals
        is_first = self._new == self._context.config.study.trials
        if self._probes and (not is_first or not self._new):
            return proposals.next_probe(self._probes[0])
        return proposals.next_trial()

    def _count(self) -> None:
        """How many are still to be asked for."""
        ledger = self._context.ledger
        self._new = max(0, self._context.config.study.trials - ledger.n_trials())
        self._probes = self._open_probes()

    def _runs(self, trial: TrialRecord) -> bool:
        """Whether it is its time: in the last share of a budget it is the finish's alone."""
        return self.phase is Phase.SEARCH or trial.role is TrialRole.FINISH

    def _next_finish(self) -> Proposal | None:
        source = self._finish_source()
        if source is None:
            return None
        steps = self._finish_steps(source)
        return self._context.proposals.next_finish(source.params, steps, source.number)

    def _finish_steps(self, source: TrialRecord) -> int:
        """As many as the budget buys at the pace of ``source``; else as many as a trial has."""
        done = source.step or 0
        pace = seconds_per_step(self._context.ledger.attempts(source.number))
        if pace is None:
            return done + self._context.config.trainer.steps
        return finish_steps(done, self._left_seconds(), pace)

    def _finish_source(self) -> TrialRecord | None:
        """The trial that the finish goes on with; ``None`` where there is none, or it has begun."""
        config, ledger = self._context.config, self._context.ledger
        if not config.study.finish or ledger.of_role(TrialRole.FINISH):
            return None
        trials = Trials(self._context.database)
        best = trials.most_promising(config.study.name, config.directions[0])
        usable = best is not None and best.checkpoint and Path(best.checkpoint).exists()
        return best if usable else None

    def _phase(self) -> Phase:
        study = self._context.config.study
        if study.budget is None:
            self.budget_left = None
            return Phase.SEARCH
        used = self._context.ledger.trainer_hours() * 3600.0
        self.budget_left = max(0.0, study.budget - used)
        searching = bool(self._new or self._probes) or any(
            trial.role is not TrialRole.FINISH for trial in self.unfinished
        )
        finish = study.finish if self._can_finish() else 0.0
        return phase_of(used, study.budget, finish, searching=searching)

    def _can_finish(self) -> bool:
        """Whether there is something to finish: else the search has a use for all hours."""
        begun = self._context.ledger.of_role(TrialRole.FINISH)
        return bool(begun) or self._finish_source() is not None

    def _left_seconds(self) -> float:
        budget = self._context.config.study.budget or 0.0
        return budget - self._context.ledger.trainer_hours() * 3600.0

    def _open_probes(self) -> list[Mapping[str, Any]]:
        declared = self._context.config.probes
        if not declared:
            return []
        asked = [_stored(record.params) for record in self._context.ledger.of_role(TrialRole.PROBE)]
        return [probe for probe in declared if _stored(probe) not in asked]


def _stored(params: Mapping[str, Any]) -> Any:
    """``params`` as a database gives them back: with lists for tuples."""
    return json.loads(json.dumps(dict(params)))
