"""Samplers: a fresh one for each question, seeded by the study's seed and the trial's number.

The random state of an Optuna sampler lives in its process. With one sampler for each ``ask``,
seeded alike, a controller that is restarted after every trial asks for the same sequence of
parameters as one that ran through; what samplers learn they read from the study's trials.
"""

import hashlib
from importlib.util import find_spec

from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler

from smart_tuner.config.sampler_section import (
    CmaesSection,
    GpSection,
    RandomSection,
    SamplerSection,
    TpeSection,
)
from trainer.exit_codes import BadInputError


def build_sampler(section: SamplerSection, *, seed: int, trial_number: int) -> BaseSampler:
    """The sampler that draws the hyperparameters of one trial.

    Args:
        section: its kind and options.
        seed: the study's seed.
        trial_number: the number of the trial to be asked for.

    Raises:
        BadInputError: a package that the sampler needs is missing; names the extra.
    """
    seed = trial_seed(seed, trial_number)
    match section:
        case TpeSection():
            return TPESampler(
                n_startup_trials=section.n_startup_trials,
                n_ei_candidates=section.n_ei_candidates,
                multivariate=True,
                constant_liar=True,
                seed=seed,
            )
        case CmaesSection():
            return _cmaes(section, seed)
        case GpSection():
            return _gp(section, seed)
        case RandomSection():
            return RandomSampler(seed=seed)


def trial_seed(seed: int, trial_number: int) -> int:
    """A seed for one trial, in [0, 2**32): neighbouring numbers give unrelated ones."""
    digest = hashlib.sha256(f"{seed}:{trial_number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _cmaes(section: CmaesSection, seed: int) -> BaseSampler:
    _require("cmaes", "cmaes")
    return CmaEsSampler(
        n_startup_trials=section.n_startup_trials,
        popsize=section.popsize,
        # Categorical parameters are drawn at random, as the section says: no news each time.
        warn_independent_sampling=False,
        seed=seed,
    )


def _gp(section: GpSection, seed: int) -> BaseSampler:
    _require("gp", "torch", "scipy")
    return GPSampler(
        n_startup_trials=section.n_startup_trials, warn_independent_sampling=False, seed=seed
    )


def _require(kind: str, *packages: str) -> None:
    """Optuna itself would complain in the midst of the study, when it first samples."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise BadInputError(
            f"sampler.kind={kind} needs the package {missing[0]}: "
            f"pip install 'smart-tuner[{kind}]', or choose sampler.kind=tpe"
        )
