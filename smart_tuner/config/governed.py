"""Hyperparameters that other keys of ``study.yaml`` set in every trial."""

from collections.abc import Iterable
from typing import Any

from smart_tuner.health.settings import GradientExplosionRule
from trainer.hparams import HParams

_GOVERNED_BY = {
    "rescue": "study.rescue",
    "lr_adapter": "study.rescue",
    "grad_norm_critical": "health.gradient_explosion.norm",
    "explosion_steps": "health.gradient_explosion.steps",
    "explosion_window": "health.gradient_explosion.window",
}


def refuse_governed(names: Iterable[str]) -> None:
    """``ValueError`` where one of ``names`` is set by another key; it names that key."""
    for name in names:
        if name in _GOVERNED_BY:
            raise ValueError(f"'{name}' follows {_GOVERNED_BY[name]} in a study: set that instead")


def governed_hparams(rescue: bool, rule: GradientExplosionRule, base: HParams) -> dict[str, Any]:
    """What a trial takes from ``study.rescue`` and ``health.gradient_explosion``.

    Rescue and learning-rate adapter are off unless asked for: a learning rate of 0.3, rescued down
    to 0.04, would be told to the sampler as good. The trainer's gradient monitor means by an
    explosion what the controller's rule means by one.

    Args:
        rescue: ``study.rescue``.
        rule: ``health.gradient_explosion``.
        base: the preset with the fixed hparams.
    """
    return {
        "rescue": rescue,
        "lr_adapter": rescue,
        "grad_norm_critical": rule.norm,
        "grad_norm_warning": min(base.grad_norm_warning, rule.norm),
        "explosion_steps": rule.steps,
        "explosion_window": rule.window,
    }
