"""Which hyperparameters mattered (PED-ANOVA: Watanabe et al. 2023, arXiv 2304.10255)."""

import math
from collections.abc import Mapping, Sequence

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.study import StudyDirection
from optuna.trial import create_trial

from dashboards.space import Space, could_be_drawn, distribution, drawn
from storage.endings import Tried

FEWEST = 8
"""Complete trials; of fewer nothing can be said."""
RELIABLE = 50
"""From so many on the best tenth, which PED-ANOVA looks at, are five trials at least."""
_GOOD_TRIALS = 5
_MOST = 2000
"""Trials; more say the same, and Optuna takes seconds to take them in."""


def every(trials: int) -> int:
    """Of so many complete trials each how-manieth is looked at."""
    return max(1, math.ceil(trials / _MOST))


def importance(
    space: Space, trials: Sequence[Tried], direction: str, objective: int = 0
) -> Mapping[str, float]:
    """The share of each hyperparameter in what makes a trial one of the best; they sum to 1.

    The best: a tenth of the trials, but five at least, and at most half of them.

    Args:
        space: as the study stores it.
        trials: the complete ones.
        direction: ``maximize`` or ``minimize``, of the objective.
        objective: which of the trials' values.

    Returns:
        The most important first; empty with fewer than :data:`FEWEST` trials, where the space
        leaves nothing to choose, and where all trials are equally good.
    """
    known = [one for one in trials[:: every(len(trials))] if _has(one, objective)]
    chosen = {
        name: entry
        for name, entry in space.items()
        if all(could_be_drawn(entry, one.params.get(name)) for one in known)
    }
    values = [trial.values[objective] for trial in known]
    if len(known) < FEWEST or not chosen or len(set(values)) < 2:
        return {}
    evaluator = PedAnovaImportanceEvaluator(
        target_quantile=min(0.5, max(0.1, _GOOD_TRIALS / len(known)))
    )
    return get_param_importances(_study(chosen, known, values, direction), evaluator=evaluator)


def _has(trial: Tried, objective: int) -> bool:
    return len(trial.values) > objective and math.isfinite(trial.values[objective])


def _study(
    space: Space, trials: Sequence[Tried], values: Sequence[float], direction: str
) -> optuna.Study:
    """In memory: Optuna's own tables would load every trial with all that was reported of it."""
    distributions = {
        name: distribution(entry, [trial.params[name] for trial in trials])
        for name, entry in space.items()
    }
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction=StudyDirection[direction.upper()])
    study.add_trials(
        create_trial(
            params={name: drawn(entry, trial.params[name]) for name, entry in space.items()},
            distributions=distributions,
            value=value,
        )
        for trial, value in zip(trials, values, strict=True)
    )
    return study
