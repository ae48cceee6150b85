import math
from collections.abc import Callable, Sequence

import pytest

from smart_tuner.health import HealthSection, History, Reason, history_of, judge
from smart_tuner.health.explosion import gradient_explosion, non_finite
from smart_tuner.health.settings import GradientExplosionRule, NonFiniteRule
from trainer.events import Diverged, Event

WithNorms = Callable[[Sequence[float]], History]
Makers = dict[str, Callable[..., Event]]


@pytest.mark.parametrize(
    ("norms", "explodes"),
    [
        ([], False),
        ([1.0] * 20, False),
        ([101.0] * 4, False),
        ([101.0] * 5, True),
        ([100.0] * 20, False),
        ([101.0, 1.0, 1.0, 1.0] * 5, True),
        ([101.0] * 4 + [1.0] * 16 + [101.0], False),
        ([101.0] * 5 + [1.0] * 15, True),
        ([101.0] * 5 + [1.0] * 16, False),
        ([25.0] * 200, False),
    ],
)
def test_five_of_twenty_steps_above_a_hundred(
    norms: list[float], explodes: bool, with_norms: WithNorms
) -> None:
    verdict = gradient_explosion(with_norms(norms), GradientExplosionRule())
    assert (verdict is not None) == explodes


def test_the_evidence_of_an_explosion(with_norms: WithNorms) -> None:
    verdict = gradient_explosion(with_norms([150.0] * 4 + [3.0, 900.0]), GradientExplosionRule())
    assert verdict is not None
    assert (verdict.reason, verdict.step) == (Reason.GRADIENT_EXPLOSION, 5)
    assert verdict.evidence == {
        "gradient.norm": 900.0,
        "threshold": 100.0,
        "steps_above": 5.0,
        "window": 20.0,
    }


def test_steps_without_a_norm_do_not_count(events: Makers) -> None:
    history = history_of([events["step"](i, norm=500.0) for i in range(4)])
    skipped = events["step"](4)
    history = history.after(type(skipped)(4, {"train.loss": 1.0}))
    assert gradient_explosion(history, GradientExplosionRule()) is None
    assert non_finite(history, NonFiniteRule()) is None


def test_thresholds_are_configurable(with_norms: WithNorms) -> None:
    rule = GradientExplosionRule(norm=10.0, steps=2, window=3)
    assert gradient_explosion(with_norms([11.0, 1.0, 11.0]), rule) is not None
    assert gradient_explosion(with_norms([11.0, 1.0, 1.0, 11.0]), rule) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("quantity", ["loss", "norm"])
def test_a_non_finite_step(value: float, quantity: str, events: Makers) -> None:
    history = history_of([events["step"](6), events["step"](7, **{quantity: value})])
    verdict = judge(history, HealthSection(), grace_steps=150)
    assert verdict is not None
    assert (verdict.reason, verdict.step) == (Reason.NON_FINITE, 7)
    assert list(verdict.evidence) == [{"loss": "train.loss", "norm": "gradient.norm"}[quantity]]


@pytest.mark.parametrize("quantity", ["loss", "mel_l1"])
def test_a_non_finite_evaluation(quantity: str, events: Makers) -> None:
    history = history_of([events["step"](50), events["evaluation"](50, **{quantity: math.nan})])
    verdict = non_finite(history, NonFiniteRule())
    assert verdict is not None
    assert list(verdict.evidence) == [f"validation.{quantity}"]


def test_a_trainer_that_left_as_diverged(events: Makers) -> None:
    history = history_of([events["step"](1), Diverged(2, "gradient.norm", math.inf)])
    verdict = non_finite(history, NonFiniteRule())
    assert verdict is not None
    assert (verdict.step, verdict.evidence) == (2, {"gradient.norm": math.inf})


def test_both_rules_can_be_switched_off(events: Makers) -> None:
    history = history_of(events["step"](i, norm=math.inf) for i in range(20))
    for settings, reason in (
        (HealthSection(), Reason.NON_FINITE),
        (HealthSection.model_validate({"non_finite": False}), Reason.GRADIENT_EXPLOSION),
    ):
        verdict = judge(history, settings, grace_steps=150)
        assert verdict is not None
        assert verdict.reason == reason
    off = HealthSection.model_validate({"non_finite": False, "gradient_explosion": False})
    assert judge(history, off, grace_steps=150) is None
