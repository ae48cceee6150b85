"""Which hyperparameters to move, and that the table names what there is."""

from typing import Any

import pytest

from smart_tuner.health import Reason
from smart_tuner.health.advice_table import REMEDIES, Remedy
from smart_tuner.health.codes import AdviceCode, Direction, FlagCode
from smart_tuner.health.reasons import Cause
from smart_tuner.health.recommendations import recommendations
from storage.assessment import Flag
from storage.levels import Level
from trainer.hparams import HParams, parse_hparams

ROWS = [(because, remedy) for because, remedies in REMEDIES.items() for remedy in remedies]


def flag(code: str, **values: Any) -> Flag:
    return Flag(code, Level.CRITICAL, 100, values)


def moves(
    *codes: str, reason: Reason | None = None, hparams: dict[str, Any] | None = None
) -> dict[str, tuple[str, str]]:
    """By hyperparameter: the direction, and what it answers."""
    found = recommendations([flag(code) for code in codes], reason, hparams or {})
    return {one.hparam: (one.direction, one.because) for one in found}


@pytest.mark.parametrize(("because", "remedy"), ROWS, ids=str)
def test_every_row_names_what_there_is(because: str, remedy: Remedy) -> None:
    assert because in {*FlagCode, *Reason, *Cause}
    value = HParams.model_fields[remedy.hparam]
    if remedy.direction is Direction.SWITCH_ON:
        assert value.annotation is bool
    else:
        parse_hparams({remedy.hparam: remedy.bound}, HParams())  # a legal value


def test_every_code_is_used() -> None:
    assert {remedy.code for _, remedy in ROWS} == set(AdviceCode)
    assert {remedy.direction for _, remedy in ROWS} == set(Direction)


def test_every_flag_but_an_interruption_has_its_remedy() -> None:
    assert set(FlagCode) - set(REMEDIES) == {FlagCode.RESUMED}


@pytest.mark.parametrize(("because", "remedy"), ROWS, ids=str)
def test_nothing_is_moved_past_what_is_worth_searching(because: str, remedy: Remedy) -> None:
    there = True if remedy.direction is Direction.SWITCH_ON else remedy.bound
    found = moves(because, hparams={remedy.hparam: there})
    assert found.get(remedy.hparam) != (remedy.direction, because)


@pytest.mark.parametrize(
    ("code", "hparams", "expected"),
    [
        ("gradient_explosion", {"learning_rate": 0.3}, ("learning_rate", "lower")),
        ("gradient_explosion", {"grad_clip_thresh": 1.0}, ("grad_clip_thresh", "lower")),
        ("gradient_explosion", {"rescue": False}, ("rescue", "switch_on")),
        ("non_finite", {"precision": "fp16"}, ("precision", "set")),
        ("never_aligned", {"n_frames_per_step": 1}, ("n_frames_per_step", "raise")),
        ("never_aligned", {"guide_loss_weight": 0.1}, ("guide_loss_weight", "raise")),
        ("never_aligned", {"prenet_dropout": 0.1}, ("prenet_dropout", "raise")),
        ("never_aligned", {"learning_rate": 3e-5}, ("learning_rate", "raise")),
        ("never_aligned", {"learning_rate": 0.3}, ("learning_rate", "lower")),
        ("alignment_lost", {"learning_rate": 1e-3}, ("learning_rate", "lower")),
        ("alignment_lost", {"guide_stop_step": 5000}, ("guide_stop_step", "raise")),
        ("early_stops", {"gate_positive_weight": 5.0}, ("gate_positive_weight", "lower")),
        ("missed_stops", {"gate_positive_weight": 5.0}, ("gate_positive_weight", "raise")),
        ("plateau", {"schedule": "constant"}, ("schedule", "set")),
        ("plateau", {"learning_rate": 1e-3}, ("learning_rate", "lower")),
    ],
)
def test_what_is_recommended(code: str, hparams: dict[str, Any], expected: tuple[str, str]) -> None:
    hparam, direction = expected
    assert moves(code, hparams=hparams)[hparam] == (direction, code)


def test_the_present_value_and_the_one_to_take_are_told() -> None:
    found = recommendations([flag("non_finite")], None, {"precision": "fp16"})
    assert (found[0].hparam, found[0].now, found[0].to) == ("precision", "fp16", "fp32")
    found = recommendations([flag("gradient_explosion")], None, {"learning_rate": 0.3})
    assert (found[0].hparam, found[0].now, found[0].to) == ("learning_rate", 0.3, None)


def test_what_is_not_set_is_not_moved() -> None:
    assert "guide_stop_step" not in moves("alignment_lost", hparams={"guide_stop_step": None})


def test_of_two_that_pull_apart_the_graver_wins() -> None:
    low = {"learning_rate": 1e-4}
    assert moves("never_aligned", "gradient_norm_high", hparams=low)["learning_rate"] == (
        "raise",
        "never_aligned",
    )
    assert moves("gradient_explosion", "never_aligned", hparams=low)["learning_rate"] == (
        "lower",
        "gradient_explosion",
    )


def test_the_likely_cause_comes_before_its_flag() -> None:
    copying = flag("never_aligned", cause="copies_last_frame")
    found = recommendations([copying], None, {"prenet_dropout": 0.5, "learning_rate": 1e-3})
    assert [one.hparam for one in found][:2] == ["drop_frame_rate", "n_frames_per_step"]
    assert found[0].because == "copies_last_frame"


def test_who_has_lost_the_text_is_not_told_about_stops() -> None:
    assert "gate_positive_weight" not in moves("alignment_weak", "missed_stops")
    assert "gate_positive_weight" in moves("gradient_norm_high", "missed_stops")


@pytest.mark.parametrize(
    ("hparams", "now"),
    [
        ({"micro_batch_size": None, "batch_size": 64}, 64),
        ({"micro_batch_size": 8, "batch_size": 64}, 8),
        ({"micro_batch_size": 1, "batch_size": 64}, None),
        ({"micro_batch_size": None, "batch_size": 1}, None),
    ],
)
def test_out_of_memory(hparams: dict[str, Any], now: int | None) -> None:
    found = {one.hparam: one for one in recommendations((), Reason.OUT_OF_MEMORY, hparams)}
    assert ("micro_batch_size" in found) == (now is not None)
    if now is not None:
        assert (found["micro_batch_size"].direction, found["micro_batch_size"].now) == (
            "lower",
            now,
        )


@pytest.mark.parametrize("reason", [None, Reason.STATISTICAL, Reason.STOPPED, Reason.CRASHED])
def test_where_nothing_is_wrong_nothing_is_recommended(reason: Reason | None) -> None:
    assert moves(reason=reason) == {}
    assert moves("resumed", reason=reason) == {}
