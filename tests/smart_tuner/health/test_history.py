import math
from collections.abc import Callable

import pytest

from smart_tuner.health import History, history_of
from smart_tuner.health.history import RECENT_STEPS
from trainer.events import Checkpoint, Diverged, Ended, Event, Header, Rescued

Makers = dict[str, Callable[..., Event]]


def test_it_remembers_what_rules_look_at(events: Makers) -> None:
    diverged = Diverged(3, "train.loss", float("inf"))
    history = history_of(
        [
            events["started"](r=5, baseline=1.25),
            events["step"](1, norm=2.0, loss=3.0),
            events["evaluation"](1, overall=0.5),
            diverged,
        ]
    )
    assert (history.baseline_mel_l1, history.n_frames_per_step) == (1.25, 5)
    assert [(s.step, s.loss, s.gradient_norm) for s in history.steps] == [(1, 3.0, 2.0)]
    assert history.evaluations[0].metrics == {"alignment.overall_score": 0.5}
    assert history.diverged == diverged


def test_other_events_change_nothing() -> None:
    history = History()
    for event in (Header(1), Checkpoint(1, "last.pt"), Ended(1, "FINISHED", "")):
        assert history.after(event) is history


def test_it_is_a_value(events: Makers) -> None:
    before = history_of([events["started"]()])
    after = before.after(events["step"](1))
    assert before.steps == ()
    assert len(after.steps) == 1


def test_steps_are_remembered_up_to_a_limit(events: Makers) -> None:
    history = history_of(events["step"](number) for number in range(RECENT_STEPS + 50))
    assert len(history.steps) == RECENT_STEPS
    assert history.steps[-1].step == RECENT_STEPS + 49


def test_a_resumed_process_repeats_what_came_after_its_checkpoint(events: Makers) -> None:
    history = history_of(
        [
            events["started"](),
            *(events["step"](number) for number in range(1, 11)),
            events["evaluation"](5, overall=0.4),
            events["evaluation"](10, overall=0.6),
            Diverged(10, "train.loss", float("nan")),
            events["started"](step=5),
        ]
    )
    assert [seen.step for seen in history.steps] == [1, 2, 3, 4, 5]
    assert [seen.step for seen in history.evaluations] == [5]
    assert history.diverged is None


def test_it_counts_attempts_and_what_was_lost(events: Makers) -> None:
    started, step = events["started"], events["step"]
    first = history_of([started(), step(1)])
    assert (first.resumed_attempts, first.restarts_at_zero, first.newest_step) == (0, 0, 1)
    again = history_of([started(), step(9), started(step=5), step(6), started(), step(1)])
    assert (again.starts, again.resumed_attempts, again.restarts_at_zero) == ((0, 5, 0), 2, 1)
    assert history_of([started(step=500)]).resumed_attempts == 0


@pytest.mark.parametrize(("to_step", "lost"), [(0, 1), (50, 0)])
def test_a_rescue_to_the_start_loses_everything(to_step: int, lost: int, events: Makers) -> None:
    rescued = Rescued(60, to_step, "gradient_explosion", 1, 0.5)
    assert history_of([events["started"](), rescued]).restarts_at_zero == lost


def test_the_best_evaluation_is_the_last_that_was_marked(events: Makers) -> None:
    make = events["evaluation"]
    assert History().best_evaluation is None
    told = [make(50, overall=0.4), make(100, overall=0.3)]
    assert history_of(told).best_evaluation == history_of(told).evaluations[1]
    told = [make(50, best=True), make(100, best=True), make(150)]
    best = history_of(told).best_evaluation
    assert best is not None
    assert best.step == 100


def test_the_newest_step_may_be_an_evaluation(events: Makers) -> None:
    assert History().newest_step == 0
    assert history_of([events["step"](9), events["evaluation"](10)]).newest_step == 10


def test_an_evaluation_knows_the_highest_norm_since_the_one_before(events: Makers) -> None:
    history = history_of(
        [
            events["started"](),
            *(events["step"](number, norm=norm) for number, norm in enumerate((2.0, 9.0, 3.0), 1)),
            events["evaluation"](3),
            events["step"](4, norm=1.5),
            events["evaluation"](4),
            events["evaluation"](4),
        ]
    )
    assert [seen.highest_norm for seen in history.evaluations] == [9.0, 1.5, None]
    assert history.highest_norm is None


def test_the_highest_norm_outlasts_what_a_resumed_process_repeats(events: Makers) -> None:
    steps = [events["step"](number, norm=float(number)) for number in range(1, 9)]
    history = history_of([events["started"](), *steps, events["started"](step=6), *steps[6:]])
    assert history.after(events["evaluation"](8)).evaluations[-1].highest_norm == 8.0


@pytest.mark.parametrize("norms", [(1.0, math.nan, 5.0), (math.nan, 5.0), (5.0, math.nan)])
def test_no_norm_is_higher_than_one_that_is_not_finite(
    events: Makers, norms: tuple[float, ...]
) -> None:
    history = history_of(events["step"](n, norm=norm) for n, norm in enumerate(norms))
    assert history.highest_norm is not None
    assert math.isnan(history.highest_norm)
