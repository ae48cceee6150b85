from collections.abc import Callable
from typing import Any

import pytest

from smart_tuner.health import Cause, HealthSection, History, Reason, judge
from smart_tuner.health.alignment import alignment_lost, never_aligned
from smart_tuner.health.settings import AlignmentLostRule, NeverAlignedRule

WithEvaluations = Callable[..., History]
GRACE = 150


@pytest.mark.parametrize(
    ("step", "ratio", "diagonal", "prunes"),
    [
        # not before the end of grace, however ill
        (50, 2.0, 0.0, False),
        (150, 2.0, 0.0, False),
        # after grace: far too loud an error alone, or a high one off the diagonal
        (200, 0.91, 0.99, True),
        (200, 0.9, 0.99, False),
        (200, 0.77, 0.29, True),
        (200, 0.76, 0.29, False),
        (200, 0.77, 0.3, False),
        (200, 0.6, 0.24, False),
        (300, 0.6, 0.0, False),
        # after twice the grace: off the diagonal alone
        (350, 0.6, 0.29, True),
        (350, 0.6, 0.3, False),
        (350, 0.2, 0.9, False),
    ],
)
def test_never_aligned(
    step: int, ratio: float, diagonal: float, prunes: bool, with_evaluations: WithEvaluations
) -> None:
    history = with_evaluations((step, {"mel_l1": ratio, "diagonal": diagonal}))
    verdict = never_aligned(history, NeverAlignedRule(), GRACE)
    assert (verdict is not None) == prunes
    if verdict is not None:
        assert (verdict.reason, verdict.step) == (Reason.NEVER_ALIGNED, step)
        assert verdict.evidence == {
            "mel_l1_ratio": ratio,
            "alignment.diagonal_score": diagonal,
            "grace_steps": 150.0,
        }


def test_only_the_newest_evaluation_counts(with_evaluations: WithEvaluations) -> None:
    ill, well = {"mel_l1": 2.0, "diagonal": 0.0}, {"mel_l1": 0.3, "diagonal": 0.9}
    assert never_aligned(with_evaluations((200, ill), (250, well)), NeverAlignedRule(), 0) is None
    assert never_aligned(with_evaluations((200, well), (250, ill)), NeverAlignedRule(), 0)


@pytest.mark.parametrize(
    ("r", "ratio", "copies"),
    [
        (1, 0.33, True),
        (2, 0.44, True),
        (3, 0.52, True),
        (3, 0.56, True),
        (4, 0.6, True),
        (5, 0.67, True),
        (1, 0.52, False),
        (5, 0.52, False),
        (3, 0.95, False),
        (8, 0.67, False),
    ],
)
def test_a_decoder_that_copies_is_named_as_the_likely_cause(
    r: int, ratio: float, copies: bool, with_evaluations: WithEvaluations
) -> None:
    history = with_evaluations((400, {"mel_l1": ratio, "diagonal": 0.1}), r=r)
    verdict = never_aligned(history, NeverAlignedRule(), GRACE)
    assert verdict is not None
    assert verdict.cause == (Cause.COPIES_LAST_FRAME if copies else None)
    assert verdict.record().get("cause") == ("copies_last_frame" if copies else None)


@pytest.mark.parametrize("step", [200, 350])
def test_without_diagnostics_nothing_is_said_of_alignment(
    step: int, with_evaluations: WithEvaluations
) -> None:
    history = with_evaluations(*((step + n, {"mel_l1": 5.0}) for n in range(6)))
    assert judge(history, HealthSection(), GRACE) is None
    scored = with_evaluations((step, {"mel_l1": 5.0, "diagonal": 0.9}))
    assert judge(scored, HealthSection(), GRACE) is not None


def test_without_a_baseline_the_diagonal_decides_alone(with_evaluations: WithEvaluations) -> None:
    history = with_evaluations((200, {"diagonal": 0.1}))
    assert never_aligned(history, NeverAlignedRule(), GRACE) is None
    verdict = never_aligned(history, NeverAlignedRule(), 50)
    assert verdict is not None
    assert "mel_l1_ratio" not in verdict.evidence


@pytest.mark.parametrize(
    ("overall", "prunes"),
    [
        ([0.8, 0.3, 0.3], False),
        ([0.8, 0.3, 0.3, 0.3], True),
        ([0.8, 0.3, 0.4, 0.3], False),
        ([0.8, 0.3, 0.3, 0.3, 0.5], False),
        ([0.5, 0.24, 0.24, 0.24], True),
        ([0.5, 0.25, 0.25, 0.25], False),
        ([0.49, 0.1, 0.1, 0.1], False),
        ([0.1, 0.6, 0.9, 0.44, 0.44, 0.44], True),
        ([0.1, 0.1, 0.1, 0.1], False),
        ([], False),
    ],
)
def test_alignment_lost(
    overall: list[float], prunes: bool, with_evaluations: WithEvaluations
) -> None:
    history = with_evaluations(
        *((200 + 50 * index, {"overall": score}) for index, score in enumerate(overall))
    )
    verdict = alignment_lost(history, AlignmentLostRule(), GRACE)
    assert (verdict is not None) == prunes
    if verdict is not None:
        assert verdict.reason == Reason.ALIGNMENT_LOST
        assert verdict.step == 150 + 50 * len(overall)
        assert verdict.evidence["best"] == max(overall)
        assert verdict.evidence["alignment.overall_score"] == overall[-1]


def test_what_was_lost_in_the_grace_period_is_lost_after_it(
    with_evaluations: WithEvaluations,
) -> None:
    scores = [(50, {"overall": 0.8}), *((step, {"overall": 0.1}) for step in (100, 150, 200))]
    assert alignment_lost(with_evaluations(*scores), AlignmentLostRule(), 200) is None
    verdict = alignment_lost(with_evaluations(*scores), AlignmentLostRule(), 150)
    assert verdict is not None
    assert verdict.evidence["best_step"] == 50


@pytest.mark.parametrize("rule", ["never_aligned", "alignment_lost"])
def test_each_rule_has_its_switch(rule: str, with_evaluations: WithEvaluations) -> None:
    ill: dict[str, Any] = {"mel_l1": 2.0, "diagonal": 0.0, "overall": 0.0}
    history = with_evaluations((200, {**ill, "overall": 0.9}), *((s, ill) for s in (250, 300, 350)))
    other = {"never_aligned": "alignment_lost", "alignment_lost": "never_aligned"}[rule]
    verdict = judge(history, HealthSection.model_validate({other: False}), GRACE)
    assert verdict is not None
    assert verdict.reason == rule
    off = HealthSection.model_validate({rule: {"enabled": False}, other: False})
    assert judge(history, off, GRACE) is None
