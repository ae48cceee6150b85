"""Red flags: every threshold of METRICS, "Status", from both sides."""

import math
from collections.abc import Iterable
from typing import Any

import pytest

from smart_tuner.health import HealthSection, History, Level, Reason, history_of
from smart_tuner.health.codes import FlagCode
from smart_tuner.health.flags import flags
from storage.assessment import Flag
from trainer.events import Diverged, Evaluation, Event, Rescued, Started, Step

GRACE = 150
CRITICAL = {
    FlagCode.NON_FINITE,
    FlagCode.GRADIENT_EXPLOSION,
    FlagCode.ALIGNMENT_LOST,
    FlagCode.NEVER_ALIGNED,
    FlagCode.RESTARTS_IN_A_ROW,
    FlagCode.GRADIENT_NORM_CRITICAL,
    FlagCode.ALIGNMENT_CRITICAL,
    FlagCode.OFF_DIAGONAL,
}

NAMES = {
    "mel_l1": "validation.mel_l1",
    "loss": "validation.loss",
    "diagonal": "alignment.diagonal_score",
    "overall": "alignment.overall_score",
    "early": "gate.early_rate",
    "missed": "gate.missed_rate",
}


def started(at: int = 0, **hparams: Any) -> Started:
    return Started(at, 500, at > 0, 1, {"n_frames_per_step": 3, **hparams}, {}, 1, 400, 20, 1.0)


def step(at: int, norm: float = 1.0, loss: float = 1.0) -> Step:
    return Step(at, {"train.loss": loss, "gradient.norm": norm})


def evaluation(at: int, **scores: float) -> Evaluation:
    metrics = {NAMES[name]: value for name, value in scores.items()}
    return Evaluation(at, metrics, "", "", best=False, seconds=0.0)


def raised(
    events: Iterable[Event] | History,
    reason: Reason | None = None,
    **health: Any,
) -> dict[str, Flag]:
    """The flags by code."""
    history = events if isinstance(events, History) else history_of(events)
    found = flags(history, HealthSection.model_validate(health), GRACE, reason)
    return {flag.code: flag for flag in found}


NORMS: list[tuple[int, float, list[str]]] = [
    (199, 500.0, []),
    (200, 10.0, []),
    (200, 10.1, ["gradient_norm_high"]),
    (200, 100.0, ["gradient_norm_high"]),
    (200, 100.1, ["gradient_norm_critical"]),
]


@pytest.mark.parametrize(("at", "norm", "codes"), NORMS)
def test_gradient_norms(at: int, norm: float, codes: list[str]) -> None:
    found = raised([step(at, norm)])
    assert list(found) == codes
    for flag in found.values():
        assert (flag.step, flag.values["gradient.norm"]) == (at, norm)


@pytest.mark.parametrize(("later", "told"), [(19, True), (20, False)])
def test_a_high_norm_is_told_for_a_while(later: int, told: bool) -> None:
    """So that a level does not flicker with every step."""
    found = raised([step(300, 50.0), *(step(300 + n, 1.0) for n in range(1, later + 1))])
    assert bool(found) == told


def test_skipped_steps_and_norms_that_are_none_say_nothing() -> None:
    skipped = Step(300, {"train.loss": 1.0, "gradient.norm": 1e6}, skipped=True)
    without = Step(301, {"train.loss": 1.0})
    assert raised([step(299, 1.0), skipped, without]) == {}


SCORES: list[tuple[int, dict[str, float], list[str]]] = [
    # nothing is said of alignment and stops before the grace period is over
    (150, {"overall": 0.0, "diagonal": 0.0, "early": 1.0, "missed": 1.0}, []),
    (151, {"overall": 0.19}, ["alignment_critical"]),
    (151, {"overall": 0.2}, ["alignment_weak"]),
    (151, {"overall": 0.29}, ["alignment_weak"]),
    (151, {"overall": 0.3}, []),
    (151, {"diagonal": 0.09}, ["off_diagonal"]),
    (151, {"diagonal": 0.1}, []),
    (151, {"early": 0.2, "missed": 0.2}, []),
    (151, {"early": 0.21}, ["early_stops"]),
    (151, {"missed": 0.21}, ["missed_stops"]),
    (151, {"overall": math.nan, "diagonal": math.nan}, []),
    # all of them, the gravest first
    (
        151,
        {"early": 0.5, "missed": 0.5, "overall": 0.1, "diagonal": 0.0},
        ["alignment_critical", "off_diagonal", "early_stops", "missed_stops"],
    ),
]


@pytest.mark.parametrize(("at", "scores", "codes"), SCORES)
def test_scores_of_the_newest_evaluation(
    at: int, scores: dict[str, float], codes: list[str]
) -> None:
    well = evaluation(at + 50, overall=0.9, diagonal=0.9, early=0.0, missed=0.0)
    assert list(raised([evaluation(at, **scores)])) == codes
    assert raised([evaluation(at, **scores), well]) == {}


def test_a_flag_has_the_numbers_that_raised_it() -> None:
    flag = raised([evaluation(200, overall=0.25)])["alignment_weak"]
    assert flag.step == 200
    assert flag.values == {"alignment.overall_score": 0.25, "threshold": 0.3}


@pytest.mark.parametrize(
    ("rule", "events"),
    [
        ("non_finite", [step(3, loss=math.nan)]),
        ("non_finite", [step(1), Diverged(2, "train.loss", math.nan)]),
        ("gradient_explosion", [step(n, 101.0) for n in range(5)]),
        (
            "alignment_lost",
            [
                evaluation(200, overall=0.9),
                *(evaluation(s, overall=0.4) for s in (250, 300, 350)),
            ],
        ),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_what_would_prune_is_critical_even_where_it_may_not(
    rule: str, events: list[Event], enabled: bool
) -> None:
    found = raised(events, **{rule: enabled})
    assert list(found) == [rule]
    assert found[rule].severity is Level.CRITICAL
    assert found[rule].values


def test_never_aligned_is_critical_where_a_trial_ended_for_it() -> None:
    ill = [started(), evaluation(200, mel_l1=0.95, overall=0.5, diagonal=0.5)]
    assert raised(ill) == {}
    found = raised(ill, Reason.NEVER_ALIGNED)
    assert list(found) == ["never_aligned"]
    assert found["never_aligned"].values["mel_l1_ratio"] == 0.95


def test_the_likely_cause_is_told() -> None:
    copying = [started(), evaluation(400, mel_l1=0.52, overall=0.5, diagonal=0.2)]
    found = raised(copying, Reason.NEVER_ALIGNED)
    assert found["never_aligned"].values["cause"] == "copies_last_frame"


@pytest.mark.parametrize(
    ("reason", "codes"),
    [
        (Reason.GRADIENT_EXPLOSION, ["gradient_explosion"]),
        (Reason.NON_FINITE, ["non_finite"]),
        (Reason.NEVER_ALIGNED, ["never_aligned"]),
        (Reason.ALIGNMENT_LOST, ["alignment_lost"]),
        (Reason.STATISTICAL, []),
        (Reason.STOPPED, []),
        (Reason.OUT_OF_MEMORY, []),
        (Reason.CRASHED, []),
        (None, []),
    ],
)
def test_the_reason_of_an_end_counts_without_its_numbers(
    reason: Reason | None, codes: list[str]
) -> None:
    found = raised([step(250), evaluation(250, overall=0.9, diagonal=0.9)], reason)
    assert list(found) == codes
    assert all(flag.step == 250 for flag in found.values())


@pytest.mark.parametrize(
    ("in_a_row", "most", "told"),
    [(0, 3, False), (2, 3, False), (3, 3, True), (1, 1, True), (0, 0, False), (1, 0, True)],
)
def test_used_up_restarts(in_a_row: int, most: int, told: bool) -> None:
    rescues = [Rescued(9, 5, "gradient_explosion", n, 0.5**n) for n in range(1, in_a_row + 1)]
    found = raised([started(rescue=True, max_restarts=most), *rescues])
    assert list(found) == (["restarts_in_a_row"] if told else [])


def losses(*values: float, every: int = 100) -> list[Event]:
    return [evaluation(every * n, loss=value) for n, value in enumerate(values, 1)]


@pytest.mark.parametrize(
    ("told", "events"),
    [
        (False, losses(1.0, *[1.0] * 9)),  # 900 steps, 9 evaluations
        (True, losses(1.0, *[1.0] * 10)),  # 1000 and 10
        (False, losses(1.0, *[1.0] * 9, every=500)),  # 4500 steps, but 9 evaluations
        (False, losses(1.0, *[1.0] * 20, every=49)),  # 20 evaluations, but 980 steps
        (False, losses(1.0, *[1.0] * 9, 0.998)),
        (True, losses(1.0, *[1.0] * 9, 0.9995)),  # less than a thousandth is no improvement
        (True, losses(1.0, *[math.nan] * 10)),
        (False, losses(*[math.nan] * 20)),
        (True, losses(0.0, *[1.0] * 10)),
    ],
)
def test_plateau(told: bool, events: list[Event]) -> None:
    assert ("plateau" in raised(events)) == told


def test_a_plateau_says_since_when() -> None:
    flag = raised(losses(2.0, 1.0, *[1.5] * 10))["plateau"]
    assert flag.step == 1200
    assert flag.values == {
        "validation.loss": 1.0,
        "best_step": 200.0,
        "steps_since": 1000.0,
        "evaluations_since": 10.0,
    }


def test_no_plateau_in_the_grace_period() -> None:
    history = history_of(losses(1.0, *[1.0] * 10))
    assert flags(history, HealthSection(), 1100, None) == ()
    assert flags(history, HealthSection(), 1099, None) != ()


def test_a_resumed_attempt() -> None:
    assert raised([started(), step(1)]) == {}
    found = raised([started(), step(1), started(100), started(150)])
    assert list(found) == ["resumed"]
    assert (found["resumed"].step, found["resumed"].values) == (150, {"times": 2.0})


def test_the_first_attempt_may_begin_later() -> None:
    """As one does that goes on with the best trial."""
    assert raised([started(500)]) == {}


@pytest.mark.parametrize("code", FlagCode)
def test_the_gravity_of_each(code: FlagCode) -> None:
    """By METRICS: six of them only need attention."""
    everything = raised(
        [
            started(),
            *losses(1.0, *[1.0] * 10),
            evaluation(1200, overall=0.25, early=0.5, missed=0.5),
            started(1200),
            step(1201, 50.0),
        ]
    )
    assert (code in CRITICAL) != (code in everything)
    assert all(flag.severity is Level.NEEDS_ATTENTION for flag in everything.values())


@pytest.mark.parametrize(
    ("name", "value", "events", "code"),
    [
        ("gradient_norm_warning", 1.0, [step(300, 2.0)], "gradient_norm_high"),
        ("gradient_norm_critical", 20.0, [step(300, 21.0)], "gradient_norm_critical"),
        ("settled_step", 5, [step(6, 11.0)], "gradient_norm_high"),
        ("overall_score_warning", 0.9, [evaluation(200, overall=0.8)], "alignment_weak"),
        ("overall_score_critical", 0.25, [evaluation(200, overall=0.24)], "alignment_critical"),
        ("diagonal_score_critical", 0.9, [evaluation(200, diagonal=0.8)], "off_diagonal"),
        ("wrong_stops", 0.1, [evaluation(200, early=0.15)], "early_stops"),
        ("plateau", {"steps": 200, "evaluations": 2}, losses(1.0, 1.0, 1.0), "plateau"),
        ("plateau", {"improvement": 0.5}, losses(1.0, *[0.6] * 10), "plateau"),
    ],
)
def test_every_threshold_can_be_set(name: str, value: Any, events: list[Event], code: str) -> None:
    assert code not in raised(events)
    assert code in raised(events, status={name: value})


def test_more_settings() -> None:
    high = [step(300, 50.0), step(301, 1.0)]
    assert raised(high, status={"gradient_norm_window": 1}) == {}
    resumed = [started(), started(5)]
    assert raised(resumed, status={"resumed_attempts": 2}) == {}


@pytest.mark.parametrize(
    "given",
    [
        {"gradient_norm_warning": 200.0},
        {"overall_score_warning": 0.1},
        {"gradient_norm_window": 201},
        {"plateau": {"steps": 0}},
        {"gradient_norm": 1.0},
    ],
)
def test_thresholds_that_make_no_sense(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        HealthSection.model_validate({"status": given})


def test_nothing_known_is_nothing_wrong() -> None:
    assert raised(History()) == {}
