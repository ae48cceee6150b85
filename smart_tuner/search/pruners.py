"""Pruners: when a trial is worse than its peers. Steps are optimiser steps throughout."""

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    SuccessiveHalvingPruner,
)

from smart_tuner.config.pruner_section import (
    HyperbandSection,
    MedianSection,
    NoPrunerSection,
    PatientSection,
    PrunerSection,
    SuccessiveHalvingSection,
)


def build_pruner(
    section: PrunerSection, *, grace_steps: int, steps: int, evaluate_every: int
) -> BasePruner:
    """The pruner of a study.

    Args:
        section: its kind and options.
        grace_steps: before which no trial can be judged: medians wait for twice as long,
            the lowest rung of halving lies there.
        steps: the length of a trial.
        evaluate_every: the steps between two reports.
    """
    match section:
        case MedianSection():
            return _median(section, grace_steps)
        case PatientSection():
            return _patient(section, grace_steps)
        case HyperbandSection():
            return HyperbandPruner(
                min_resource=_lowest_rung(section.min_resource, grace_steps, steps, evaluate_every),
                max_resource=steps,
                reduction_factor=section.reduction_factor,
            )
        case SuccessiveHalvingSection():
            return SuccessiveHalvingPruner(
                min_resource=_lowest_rung(section.min_resource, grace_steps, steps, evaluate_every),
                reduction_factor=section.reduction_factor,
                min_early_stopping_rate=section.min_early_stopping_rate,
            )
        case NoPrunerSection():
            return NopPruner()


def _median(section: MedianSection | PatientSection, grace_steps: int) -> MedianPruner:
    warmup = section.n_warmup_steps
    return MedianPruner(
        n_startup_trials=section.n_startup_trials,
        n_warmup_steps=2 * grace_steps if warmup is None else warmup,
    )


def _patient(section: PatientSection, grace_steps: int) -> PatientPruner:
    with warnings.catch_warnings():
        # Optuna calls it experimental since 2.8; a person who chose it need not hear it each time.
        warnings.simplefilter("ignore", ExperimentalWarning)
        return PatientPruner(_median(section, grace_steps), section.patience, section.min_delta)


def _lowest_rung(chosen: int | None, grace_steps: int, steps: int, evaluate_every: int) -> int:
    """As chosen, else the first report at or after the grace period; never past the end.

    Hyperband has no bracket at all where the lowest rung lies above the highest.
    """
    if chosen is None:
        chosen = -(-max(grace_steps, 1) // evaluate_every) * evaluate_every
    return min(chosen, steps)
