"""Optuna's side of a study: what to try next, what came of it."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import RDBStorage
from optuna.trial import Trial, TrialState, create_trial

from smart_tuner.config.space import distributions, starting_point
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.search.pruners import build_pruner
from smart_tuner.search.samplers import build_sampler
from smart_tuner.search.teaching import teach
from storage.records import TrialRecord, TrialRole

ToldAlreadyError = optuna.exceptions.UpdateFinishedTrialError
"""Another controller, which took this one for dead, has told how the trial ended."""
_NO_SAMPLER = RandomSampler()
"""Of trials from which nothing is drawn: it does nothing before the first parameter."""


@dataclass(frozen=True)
class Proposal:
    """One trial to run."""

    number: int
    role: TrialRole
    params: Mapping[str, Any]
    steps: int | None = None
    """Its length, where that is not the study's."""
    continues: int | None = None
    """The trial from whose checkpoint it goes on."""

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
        self._has_begun = False

    def next_trial(self) -> Proposal:
        """Ask for the next parameters; the sampler is seeded by study and trial number."""
        self._begin()
        self._study.sampler = _NO_SAMPLER
        return self._asked_to_the_end(self._study.ask())

    def next_probe(self, params: Mapping[str, Any]) -> Proposal:
        """Give a declared probe its number."""
        return self._untaught(TrialRole.PROBE, {"params": dict(params)})

    def next_finish(self, params: Mapping[str, Any], steps: int, continues: int) -> Proposal:
        """Give a number to what goes on with the trial ``continues``, up to the step ``steps``."""
        about = {"params": dict(params), "steps": steps, "continues": continues}
        return self._untaught(TrialRole.FINISH, about)

    def enqueue(self, params: Mapping[str, Any], command: int) -> None:
        """Have ``params`` tried next; once, however often the same command is obeyed."""
        self._begin()
        trials = self._study.get_trials(deepcopy=False)
        if not any(trial.user_attrs.get("command") == command for trial in trials):
            self._study.enqueue_trial(dict(params), user_attrs={"command": command})

    def take_up(self, number: int) -> Proposal:
        """A trial that was asked for before, here or by another process."""
        return self._rebuilt(self._frozen(number))

    def unfinished(self) -> list[Proposal]:
        """What was asked for and never told, in order of number."""
        return [
            self._rebuilt(frozen)
            for frozen in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        ]

    def reported_steps(self, number: int) -> set[int]:
        """The steps that Optuna has a value of; a second report at one would be ignored."""
        return set(self._frozen(number).intermediate_values)

    def report(self, number: int, value: float, step: int) -> bool:
        """Report an intermediate value; True where the pruner gives the trial up."""
        self._trials[number].report(value, step)
        return self.should_prune(number)

    def should_prune(self, number: int) -> bool:
        """Whether the pruner gives the trial up after its last report."""
        return self._trials[number].should_prune()

    def peers_at(self, step: int) -> dict[str, float]:
        """What a trial is compared with: the median of the completed ones at ``step``, if any."""
        peers = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        values = [t.intermediate_values[step] for t in peers if step in t.intermediate_values]
        return {"median_of_completed": statistics.median(values)} if values else {}

    def teach(self, record: TrialRecord) -> None:
        """Tell the end of a trial, as our tables have it."""
        teach(self._study, self._trials[record.number], record)
        del self._trials[record.number]

    def _begin(self) -> None:
        """What is known to be good goes first. In one's turn alone: else two would enqueue it."""
        if not (self._has_begun or self._study.get_trials(deepcopy=False)):
            self._study.enqueue_trial(starting_point(self._config.space, self._config.hparams()))
        self._has_begun = True

    def _frozen(self, number: int) -> optuna.trial.FrozenTrial:
        storage = self._study._storage
        trial_id = storage.get_trial_id_from_study_id_trial_number(self._study._study_id, number)
        return storage.get_trial(trial_id)

    def _rebuilt(self, frozen: optuna.trial.FrozenTrial) -> Proposal:
        """Take up a trial that another process asked for."""
        self._study.sampler = _NO_SAMPLER
        trial = Trial(self._study, frozen._trial_id)
        if "role" not in frozen.user_attrs:
            return self._asked_to_the_end(trial)
        self._trials[frozen.number] = trial
        return _proposal(frozen)

    def _untaught(self, role: TrialRole, about: Mapping[str, Any]) -> Proposal:
        """A trial that no sampler learns from. Not asked for: that would take what is enqueued."""
        self._begin()
        frozen = create_trial(state=TrialState.RUNNING, user_attrs={**about, "role": role.value})
        trial_id = self._study._storage.create_new_trial(self._study._study_id, frozen)
        trial = Trial(self._study, trial_id)
        self._trials[trial.number] = trial
        return _proposal(self._frozen(trial.number))

    def _asked_to_the_end(self, asked: Trial) -> Proposal:
        """Draw what was not drawn yet: all, but where a process died in the midst of asking."""
        self._seed_sampler(asked.number)
        trial = Trial(self._study, asked._trial_id)  # draws what the sampler draws together
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


def _proposal(frozen: optuna.trial.FrozenTrial) -> Proposal:
    said = frozen.user_attrs
    role = TrialRole(said["role"])
    params = frozen.params if role is TrialRole.TRIAL else said["params"]
    return Proposal(frozen.number, role, dict(params), said.get("steps"), said.get("continues"))
