"""Every code has its words, and there are words for nothing else."""

from collections.abc import Mapping
from enum import StrEnum

import pytest

from dashboards import words
from smart_tuner.health import Level, Reason
from smart_tuner.health.codes import AdviceCode, CheckCode, Direction, FlagCode
from smart_tuner.health.reasons import Cause
from storage.assessment import Check, Flag, Recommendation
from storage.study_level import CONTROLLER_LOST, SAME_FAILURE, StudyReason


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.LEVELS, Level),
        (words.REASONS, Reason),
        (words.FLAGS, FlagCode),
        (words.CAUSES, Cause),
        (words.CHECKS, CheckCode),
        (words.ADVICE, AdviceCode),
        (words.DIRECTIONS, Direction),
    ],
)
def test_every_code_has_its_words(table: Mapping[str, object], codes: type[StrEnum]) -> None:
    assert set(table) == {code.value for code in codes}
    assert all(table.values())


def test_so_have_the_reasons_of_a_study() -> None:
    assert set(words.STUDY) == {CONTROLLER_LOST, SAME_FAILURE}


def test_a_flag_with_its_values_and_its_step() -> None:
    flag = Flag("gradient_norm_high", Level.NEEDS_ATTENTION, 412, {"gradient.norm": 12.449})
    assert words.flag_text(flag) == "the gradient norm is high (gradient.norm 12.4) at step 412"


def test_a_flag_with_its_likely_cause() -> None:
    flag = Flag("never_aligned", Level.CRITICAL, 400, {"cause": "copies_last_frame"})
    assert words.flag_text(flag) == (
        "the attention never found the text at step 400: "
        "most likely the decoder repeats the frame it was fed"
    )


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            Recommendation("smaller_steps", "learning_rate", "lower", "plateau", 0.3),
            "lower learning_rate (now 0.3): smaller steps keep training from flying apart",
        ),
        (
            Recommendation("full_precision", "precision", "set", "non_finite", "fp16", "fp32"),
            "set precision to fp32 (now fp16): half precision overflows and rounds earlier",
        ),
        (
            Recommendation("rescue", "rescue", "switch_on", "non_finite", False),
            "switch on study.rescue: trials then go back to a good checkpoint, at a lower rate",
        ),
        (
            Recommendation("warm_up", "warmup_steps", "raise", "non_finite"),
            "raise warmup_steps: the first steps, whose gradients are wild, are then small ones",
        ),
    ],
)
def test_a_recommendation(one: Recommendation, text: str) -> None:
    assert words.recommendation_text(one) == text


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            StudyReason("early_stops", Level.NEEDS_ATTENTION, 3),
            "trial 3: it stops before sentences end",
        ),
        (
            StudyReason(SAME_FAILURE, Level.NEEDS_ATTENTION, cause="crashed"),
            "the last trials all ended for the same reason: the trainer crashed or was killed",
        ),
        (
            StudyReason(CONTROLLER_LOST, Level.CRITICAL),
            "nobody runs the study any more: start it again to continue",
        ),
    ],
)
def test_a_reason_of_a_study(reason: StudyReason, text: str) -> None:
    assert words.study_reason_text(reason) == text


def test_codes_of_another_version_are_shown_as_they_are() -> None:
    """The database may have been written by a newer one."""
    assert words.flag_text(Flag("new_flag", Level.CRITICAL, 1, {})) == "new_flag at step 1"
    assert words.check_text(Check("new_check", True, 1.0, 0.5)) == ("new_check", "? 0.5")
    unknown = Recommendation("new", "hparam", "turn", "new_flag")
    assert words.recommendation_text(unknown) == "turn hparam: new"
