"""The learning-rate adapter, by tables: when the factor falls, when it rises, and why."""

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.hparams import HParams
from trainer.stability import Adaptation, Cause, LearningRateAdapter

# Short times: excursions end after 3 calm steps, recovery takes 6.
QUICK: dict[str, Any] = {
    "explosion_steps": 2, "explosion_window": 3, "lr_recovery_steps": 6,
    "lr_plateau_steps": 40, "lr_plateau_evaluations": 3,
}  # fmt: skip
Change = tuple[int, float, str]


def quick(**changes: Any) -> LearningRateAdapter:
    return LearningRateAdapter(HParams.model_validate({**QUICK, **changes}))


def told(adaptations: Sequence[Adaptation]) -> list[Change]:
    return [(a.step, a.factor, str(a.cause)) for a in adaptations]


def steps(adapter: LearningRateAdapter, pattern: str, start: int = 1) -> list[Change]:
    """``!`` is a critical step, ``.`` another."""
    changes = []
    for step, mark in enumerate(pattern, start):
        changes += told(adapter.after_step(step, mark == "!"))
    return changes


def evaluations(
    adapter: LearningRateAdapter, losses: Sequence[float], every: int = 10
) -> list[Change]:
    changes = []
    for index, loss in enumerate(losses, 1):
        changes += told(adapter.after_evaluation(index * every, loss))
    return changes


@pytest.mark.parametrize(
    ("pattern", "changes"),
    [
        ("." * 30, []),
        ("!", [(1, 0.5, "instability")]),
        ("!!!!!!!!", [(1, 0.5, "instability")]),
        ("!..!..!..!", [(1, 0.5, "instability")]),  # one excursion
        ("!...!", [(1, 0.5, "instability"), (5, 0.25, "instability")]),
        ("!......", [(1, 0.5, "instability"), (7, 1.0, "recovery")]),
        ("!.....!", [(1, 0.5, "instability"), (7, 0.25, "instability")]),
        (
            "!...!" + "." * 14,
            [
                (1, 0.5, "instability"), (5, 0.25, "instability"),
                (11, 0.5, "recovery"), (17, 1.0, "recovery"),
            ],
        ),
        ("!.....!..!" + "." * 5, [(1, 0.5, "instability"), (7, 0.25, "instability")]),
    ],
)  # fmt: skip
def test_instability_lowers_once_an_excursion_and_recovers(
    pattern: str, changes: list[Change]
) -> None:
    adapter = quick()
    assert steps(adapter, pattern) == changes
    assert adapter.factor == (changes[-1][1] if changes else 1.0)


@pytest.mark.parametrize(
    ("losses", "changes"),
    [
        ([1.0] * 4, []),  # 3 evaluations, but 30 steps
        ([1.0] * 5, [(50, 0.5, "plateau")]),
        ([1.0] * 9, [(50, 0.5, "plateau"), (90, 0.25, "plateau")]),
        ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], []),
        ([1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0], []),
        ([1.0, 1.0, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 1.0], [(90, 0.5, "plateau")]),
        ([1.0, 0.9995, 0.9992, 0.9991, 0.9991], [(50, 0.5, "plateau")]),
        ([1.0, 0.9995, 0.9989, 0.9985, 0.9985, 0.9985], []),  # 0.11 % counts, from the best
        ([1.0, math.nan, math.inf, -math.inf, math.nan], [(50, 0.5, "plateau")]),
        ([math.nan, 1.0, 1.0, 1.0, 1.0], []),
    ],
)
def test_a_plateau_lowers_for_good(losses: list[float], changes: list[Change]) -> None:
    adapter = quick()
    assert evaluations(adapter, losses) == changes
    factor = adapter.factor
    assert steps(adapter, "." * 50) == []
    assert adapter.factor == factor


@pytest.mark.parametrize(
    ("every", "patience", "at"),
    [(10, {"lr_plateau_steps": 40, "lr_plateau_evaluations": 6}, 70),
     (10, {"lr_plateau_steps": 55, "lr_plateau_evaluations": 2}, 70),
     (30, {"lr_plateau_steps": 40, "lr_plateau_evaluations": 3}, 120)],
)  # fmt: skip
def test_a_plateau_is_so_many_steps_and_so_many_evaluations(
    every: int, patience: dict[str, int], at: int
) -> None:
    first = evaluations(quick(**patience), [2.0] * 8, every)[0]
    assert first == (at, 0.5, "plateau")


def test_plateaus_and_excursions_multiply_and_only_excursions_recover() -> None:
    adapter = quick(lr_adapter_factor=0.4)
    evaluations(adapter, [1.0] * 5)
    steps(adapter, "!", start=51)
    assert adapter.factor == pytest.approx(0.16)
    assert steps(adapter, "......", start=52) == [(57, 0.4, "recovery")]


def test_a_rescue_lowers_and_recovers() -> None:
    adapter = quick(rescue_factor=0.25)
    assert told(adapter.after_rescue(30)) == [(30, 0.25, "rescue")]
    assert told(adapter.after_rescue(30)) == [(30, 0.0625, "rescue")]
    changes = steps(adapter, "." * 12, start=31)
    assert changes == [(36, 0.25, "recovery"), (42, 1.0, "recovery")]


@pytest.mark.parametrize(
    ("before", "factor"),
    [
        ("", 0.25),
        ("!!", 0.25),  # the lowering of the excursion that led to it is replaced
        ("!...!!", 0.125),  # that of an earlier excursion is not
        ("!...", 0.125),
        ("!......", 0.25),  # it has recovered
    ],
)
def test_one_failure_one_lowering(before: str, factor: float) -> None:
    adapter = quick(rescue_factor=0.25)
    steps(adapter, before)
    assert told(adapter.after_rescue(0)) == [(0, factor, "rescue")]
    # What is critical right after going back is the same trouble; a second rescue is another.
    assert steps(adapter, "!.!") == []
    assert told(adapter.after_rescue(0)) == [(0, factor / 4, "rescue")]


def test_after_a_rescue_the_wait_for_a_better_loss_begins_anew() -> None:
    adapter = quick()
    evaluations(adapter, [1.0] * 4)
    adapter.after_rescue(20)
    waited = [told(adapter.after_evaluation(step, 1.0)) for step in (30, 40, 50, 60)]
    assert waited == [[], [], [], [(60, 0.25, "plateau")]]


def test_the_factor_stops_at_the_floor() -> None:
    adapter = quick(lr_adapter_floor=0.2, lr_plateau_steps=1, lr_plateau_evaluations=1)
    assert evaluations(adapter, [1.0] * 6) == [
        (20, 0.5, "plateau"), (30, 0.25, "plateau"), (40, 0.2, "plateau"),
    ]  # fmt: skip
    assert steps(adapter, "!..." * 3) == []
    assert told(adapter.after_rescue(9)) == []
    assert adapter.factor == pytest.approx(0.2)
    assert steps(adapter, "." * 20) == []  # nothing was piled up, nothing is taken back


def test_recovery_from_the_floor_goes_stage_by_stage() -> None:
    adapter = quick(lr_adapter_floor=0.2)
    assert [change[1] for change in steps(adapter, "!..." * 5)] == pytest.approx([0.5, 0.25, 0.2])
    factors = [change[1] for change in steps(adapter, "." * 20, start=21)]
    assert factors == pytest.approx([0.25, 0.5, 1.0])


def test_switched_off_only_rescues_lower_and_for_good() -> None:
    adapter = quick(lr_adapter=False, rescue_factor=0.3)
    assert steps(adapter, "!..." * 9) == []
    assert evaluations(adapter, [1.0] * 20) == []
    assert adapter.factor == 1.0
    assert told(adapter.after_rescue(5)) == [(5, 0.3, "rescue")]
    assert steps(adapter, "." * 40) == []
    assert adapter.factor == 0.3


acts = st.one_of(
    st.tuples(st.just("step"), st.booleans()),
    st.tuples(st.just("evaluation"), st.sampled_from([1.0, 0.9995, 0.9, 0.5, 2.0, math.nan])),
    st.tuples(st.just("rescue"), st.just(0)),
)


def play(
    adapter: LearningRateAdapter, story: Sequence[tuple[str, Any]], start: int = 1
) -> list[Adaptation]:
    changes = []
    for step, (act, value) in enumerate(story, start):
        if act == "step":
            changes += adapter.after_step(step, value)
        elif act == "evaluation":
            changes += adapter.after_evaluation(step, value)
        else:
            changes += adapter.after_rescue(max(step - 3, 0))
    return changes


@given(st.lists(acts, max_size=60), st.lists(acts, max_size=60), st.booleans())
def test_a_restored_adapter_acts_alike(
    before: list[tuple[str, Any]], after: list[tuple[str, Any]], switch: bool
) -> None:
    changes = {"lr_plateau_steps": 5, "lr_recovery_steps": 4, "lr_adapter": switch}
    one, other = quick(**changes), quick(**changes)
    play(one, before)
    other.restore(json.loads(json.dumps(one.state(), allow_nan=False)))
    assert other.factor == one.factor
    assert play(other, after) == play(one, after)
    assert other.state() == one.state()


@given(st.lists(acts, max_size=120))
def test_every_change_is_told_and_stays_in_bounds(story: list[tuple[str, Any]]) -> None:
    adapter = quick(lr_plateau_steps=3, lr_plateau_evaluations=2, lr_recovery_steps=4)
    factor = 1.0
    for step, act in enumerate(story, 1):
        changes = play(adapter, [act], step)
        # A rescue may put its own lowering in an excursion's place: the same factor, told.
        assert changes or adapter.factor == factor
        for change in changes:
            assert 0.01 <= change.factor <= 1.0
            assert (change.factor > factor) == (change.cause is Cause.RECOVERY)
        factor = adapter.factor
        assert not changes or changes[-1].factor == factor


def test_what_has_recovered_within_its_excursion_is_not_replaced() -> None:
    adapter = quick(lr_recovery_steps=2)
    assert steps(adapter, "!..") == [(1, 0.5, "instability"), (3, 1.0, "recovery")]
    assert told(adapter.after_rescue(0)) == [(0, 0.5, "rescue")]


@pytest.mark.parametrize("factor", [0.9, 0.7, 0.35, 0.1])
@pytest.mark.parametrize("floor", [0.5, 0.1, 0.03, 0.01])
def test_rounding_at_the_floor_is_no_lowering(factor: float, floor: float) -> None:
    adapter = quick(lr_adapter_factor=factor, lr_adapter_floor=floor, lr_recovery_steps=1000)
    factors = [change[1] for change in steps(adapter, "!..." * 60)]
    assert len(factors) == math.ceil(math.log(floor) / math.log(factor) - 1e-9)
    assert factors[-1] == pytest.approx(floor)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_resumed_adapter_recovers_at_the_same_step(cut: int) -> None:
    pattern = "!...!......"
    whole, first, second = quick(), quick(), quick()
    before = steps(first, pattern[:cut])
    second.restore(first.state())
    assert before + steps(second, pattern[cut:], start=cut + 1) == steps(whole, pattern)
