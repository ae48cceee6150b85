from collections.abc import Callable

from smart_tuner.health import History, history_of
from smart_tuner.health.history import RECENT_STEPS
from trainer.events import Checkpoint, Diverged, Ended, Event, Header

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
