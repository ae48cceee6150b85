"""The gradient stability monitor, by tables."""

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.hparams import HParams
from trainer.stability import GradientMonitor, Level, Observation

CALM, WARNING, CRITICAL = Level
SETTLED = 200
SHORT = HParams(explosion_steps=3, explosion_window=4)
norms = st.one_of(
    st.floats(0.0, 1e4), st.sampled_from([9.0, 11.0, 101.0, math.nan, math.inf, 10.0, 100.0])
)


def observed(
    monitor: GradientMonitor, values: Sequence[float], step: int = SETTLED
) -> list[Observation]:
    return [monitor.observe(step + i, value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("step", "norm", "level"),
    [
        (SETTLED, 0.0, CALM),
        (SETTLED, 10.0, CALM),
        (SETTLED, 10.1, WARNING),
        (SETTLED, 100.0, WARNING),
        (SETTLED, 100.1, CRITICAL),
        (SETTLED, math.inf, CRITICAL),
        (SETTLED, math.nan, CRITICAL),
        (SETTLED - 1, 25.0, CALM),
        (SETTLED - 1, 1e6, CALM),
        (1, 25.0, CALM),
    ],
)
def test_levels(step: int, norm: float, level: Level) -> None:
    seen = GradientMonitor(HParams()).observe(step, norm)
    thresholds = {CALM: None, WARNING: 10.0, CRITICAL: 100.0}
    assert seen == Observation(level, level is not CALM, False, thresholds[level])


@pytest.mark.parametrize(
    ("values", "announced"),
    [  # the window is of 4 steps
        ([11.0] * 9, [0]),
        ([101.0] * 2 + [50.0] * 2, [0]),
        ([11.0, 101.0, 11.0, 101.0], [0, 1]),
        ([11.0, 1.0, 1.0, 1.0, 11.0], [0]),
        ([11.0, 1.0, 1.0, 1.0, 1.0, 11.0], [0, 5]),
        ([101.0, 11.0, 11.0, 11.0, 11.0, 11.0], [0]),
        ([101.0, 11.0, 11.0, 11.0, 11.0, 101.0], [0, 5]),
        ([101.0, 1.0, 1.0, 1.0, 1.0, 11.0], [0, 5]),
        ([1.0] * 10, []),
        ([9.0, 11.0] * 10, [1]),
    ],
)
def test_a_level_is_announced_when_it_is_news(values: list[float], announced: list[int]) -> None:
    seen = observed(GradientMonitor(SHORT), values)
    assert [i for i, s in enumerate(seen) if s.announce] == announced


def test_what_was_high_before_it_settled_is_news_once_it_has() -> None:
    seen = observed(GradientMonitor(SHORT), [15.0] * 6, step=SETTLED - 3)
    assert [s.announce for s in seen] == [False, False, False, True, False, False]


@pytest.mark.parametrize(
    ("values", "exploded_at"),
    [
        ([101.0] * 4, []),
        ([101.0] * 6, [4, 5]),
        ([100.0] * 20, []),
        ([101.0, 1.0, 1.0, 1.0] * 5, [16, 17, 18, 19]),
        ([101.0] * 4 + [1.0] * 16 + [101.0], []),
        ([101.0] * 4 + [1.0] * 15 + [101.0], [19]),
        ([math.nan] * 5, [4]),
        ([math.inf, 101.0, math.inf, 500.0, 101.0], [4]),
        ([25.0] * 200, []),
    ],
)
@pytest.mark.parametrize("step", [1, SETTLED])
def test_five_of_twenty_above_a_hundred_explode(
    values: list[float], exploded_at: list[int], step: int
) -> None:
    seen = observed(GradientMonitor(HParams()), values, step)
    assert [i for i, s in enumerate(seen) if s.exploded] == exploded_at


def test_thresholds_are_hparams() -> None:
    hparams = HParams(
        grad_norm_warning=2.0, grad_norm_critical=3.0, grad_norm_settle_steps=0,
        explosion_steps=2, explosion_window=3,
    )  # fmt: skip
    seen = observed(GradientMonitor(hparams), [2.5, 3.5, 2.5, 3.5], step=1)
    assert [s.level for s in seen] == [WARNING, CRITICAL, WARNING, CRITICAL]
    assert [s.exploded for s in seen] == [False, False, False, True]
    assert [s.threshold for s in seen] == [2.0, 3.0, 2.0, 3.0]


def test_steps_that_the_loss_scaler_skipped_do_not_count() -> None:
    monitor = GradientMonitor(HParams())
    for step in range(SETTLED, SETTLED + 50):
        assert monitor.observe(step, math.inf, skipped=True) == Observation()
    assert monitor.recent_calm
    observed(monitor, [101.0] * 4)
    monitor.observe(SETTLED, 1e9, skipped=True)
    assert not monitor.observe(SETTLED, 1.0).exploded
    assert monitor.observe(SETTLED, 101.0).exploded


@pytest.mark.parametrize("step", [1, SETTLED])
def test_calm_again_when_the_window_has_passed(step: int) -> None:
    monitor = GradientMonitor(SHORT)
    assert monitor.recent_calm
    calm = []
    for value in (50.0, 101.0, 1.0, 1.0, 1.0, 1.0):
        monitor.observe(step, value)
        calm.append(monitor.recent_calm)
    assert calm == [True, False, False, False, False, True]


def test_after_a_rescue_the_window_is_empty() -> None:
    monitor = GradientMonitor(SHORT)
    assert observed(monitor, [101.0] * 3)[-1].exploded
    monitor.clear()
    assert monitor.recent_calm
    seen = observed(monitor, [101.0] * 3)
    assert [s.exploded for s in seen] == [False, False, True]
    assert [s.announce for s in seen] == [True, False, False]


def test_switched_off_it_finds_everything_calm() -> None:
    monitor = GradientMonitor(HParams(gradient_monitor=False))
    assert observed(monitor, [1e9, math.nan] * 20) == [Observation()] * 40
    assert monitor.recent_calm


@given(st.lists(norms, max_size=30), st.lists(norms, min_size=1, max_size=30))
def test_a_restored_monitor_sees_alike(before: list[float], after: list[float]) -> None:
    one, other = GradientMonitor(SHORT), GradientMonitor(SHORT)
    observed(one, before, step=SETTLED - 10)
    other.restore(json.loads(json.dumps(one.state())))
    assert other.recent_calm == one.recent_calm
    assert observed(other, after) == observed(one, after)


def test_switched_off_in_a_resume_it_forgets_what_was_critical() -> None:
    one, off = GradientMonitor(SHORT), GradientMonitor(HParams(gradient_monitor=False))
    observed(one, [101.0])
    off.restore(one.state())
    assert off.recent_calm
