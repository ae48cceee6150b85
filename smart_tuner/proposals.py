"""Optuna's side of a study: what to try next, what came of it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.storages import RDBStorage
from optuna.trial import Trial, TrialState

from smart_tuner.config.space import distributions, starting_point
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.pruners import build_pruner
from smart_tuner.samplers import build_sampler
from storage.records import TrialRole

_OOM_CONSTRAINT = "oom"
_RESTARTS_CONSTRAINT = "restarts"


@dataclass(frozen=True)
class Proposal:
    """One trial to run."""

    number: int
    role: TrialRole
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """``trial 3`` or ``probe 1``."""
        return f"{self.role.value} {self.number}"


class Proposals:
    """Asks and tells; the only place that knows Optuna's objects.

    A probe is a trial without Optuna parameters that is told as FAIL: so no sampler and no pruner
    ever learns from it. What it was is in its user attributes, and in our own tables.
    """

    def __init__(self, config: StudyConfig, storage: RDBStorage, grace_steps: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._config = config
        self._study = optuna.create_study(
            study_name=config.study.name,
            storage=storage,
            directions=list(config.directions),
            load_if_exists=True,
            pruner=build_pruner(
                config.pruner,
                grace_steps=grace_steps,
                steps=config.trainer.steps,
                evaluate_every=config.trainer.evaluate_every,
            ),
        )
        self._trials: dict[int, Trial] = {}
        if not self._study.get_trials(deepcopy=False):
            self._study.enqueue_trial(starting_point(config.space, config.hparams()))

    def next_trial(self) -> Proposal:
        """Ask for the next parameters; the sampler is seeded by study and trial number."""
        self._seed_sampler(self._next_number())
        return self._as_trial(self._study.ask(distributions(self._config.space)))

    def next_probe(self, params: Mapping[str, Any]) -> Proposal:
        """Give a declared probe its number."""
        trial = self._study.ask()
        trial.set_user_attr("params", dict(params))  # the role last: it says that all is there
        trial.set_user_attr("role", TrialRole.PROBE.value)
        self._trials[trial.number] = trial
        return Proposal(trial.number, TrialRole.PROBE, dict(params))

    def unfinished(self) -> list[Proposal]:
        """What was asked for and never told, in order of number."""
        return [
            self._rebuilt(frozen)
            for frozen in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        ]

    def reported_steps(self, number: int) -> set[int]:
        """The steps that Optuna has a value of; a second report at one would be ignored."""
        frozen = self._study.get_trials(deepcopy=False)[number]
        return set(frozen.intermediate_values)

    def report(self, number: int, value: float, step: int) -> bool:
        """Report an intermediate value; True where the pruner gives the trial up."""
        trial = self._trials[number]
        trial.report(value, step)
        return trial.should_prune()

    def peers_at(self, step: int) -> dict[str, float]:
        """What a trial is compared with: the median of the completed ones at ``step``, if any."""
        peers = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        values = [t.intermediate_values[step] for t in peers if step in t.intermediate_values]
        return {"median_of_completed": statistics.median(values)} if values else {}

    def note_rescues(self, number: int, restarts: int, learning_rate_effective: float) -> None:
        """Say what a trial owes to rescues, before it is told; with any it counts as infeasible.

        Else a learning rate that explodes, rescued down to a good one, would be taught as good.
        """
        trial = self._trials[number]
        trial.set_user_attr("restarts", restarts)
        trial.set_user_attr("learning_rate_effective", learning_rate_effective)
        self._constrain(trial, _RESTARTS_CONSTRAINT, restarts)

    def complete(self, number: int, values: Sequence[float]) -> None:
        """Tell the final values, one an objective."""
        self._study.tell(number, list(values))

    def prune(self, number: int, reason: str, *, infeasible: bool = False) -> None:
        """Tell that the trial was given up; ``infeasible``: it can't run at all on this machine."""
        self._trials[number].set_user_attr("reason", reason)
        if infeasible:
            self._constrain(self._trials[number], _OOM_CONSTRAINT, 1.0)
        self._study.tell(number, state=TrialState.PRUNED)

    def fail(self, number: int, reason: str | None) -> None:
        """Tell that nothing is to be learned from the trial."""
        if reason:
            self._trials[number].set_user_attr("reason", reason)
        self._study.tell(number, state=TrialState.FAIL)

    def _constrain(self, trial: Trial, name: str, value: float) -> None:
        """Feasible is up to 0. A controller that died before it told has said so already."""
        if name not in self._study.get_trials(deepcopy=False)[trial.number].constraints:
            trial.set_constraint(name, value)

    def _next_number(self) -> int:
        trials = self._study.get_trials(deepcopy=False)
        waiting = [trial.number for trial in trials if trial.state is TrialState.WAITING]
        return min(waiting) if waiting else len(trials)

    def _rebuilt(self, frozen: optuna.trial.FrozenTrial) -> Proposal:
        """Take up a trial that another process asked for."""
        trial = Trial(self._study, frozen._trial_id)
        if "role" not in frozen.user_attrs:
            return self._asked_to_the_end(trial)
        self._trials[frozen.number] = trial
        role = TrialRole(frozen.user_attrs["role"])
        params = frozen.user_attrs["params"] if role is TrialRole.PROBE else frozen.params
        return Proposal(frozen.number, role, dict(params))

    def _asked_to_the_end(self, trial: Trial) -> Proposal:
        """Draw what a process that died in the midst of asking had not drawn yet."""
        self._seed_sampler(trial.number)
        for name, distribution in distributions(self._config.space).items():
            trial._suggest(name, distribution)
        return self._as_trial(trial)

    def _as_trial(self, trial: Trial) -> Proposal:
        trial.set_user_attr("role", TrialRole.TRIAL.value)
        self._trials[trial.number] = trial
        return Proposal(trial.number, TrialRole.TRIAL, dict(trial.params))

    def _seed_sampler(self, number: int) -> None:
        self._study.sampler = build_sampler(
            self._config.sampler, seed=self._config.study.seed, trial_number=number
        )
