from collections.abc import Callable

from smart_tuner.health import HealthSection, History, Reason, follow, judge
from trainer.events import Event

Makers = dict[str, Callable[..., Event]]


def test_a_healthy_trial_goes_on(events: Makers) -> None:
    told = [events["started"]()]
    told += [events["step"](number, norm=25.0 if number < 20 else 5.0) for number in range(500)]
    for number in range(50, 501, 50):
        told.append(
            events["evaluation"](number, mel_l1=60 / number, diagonal=number / 550, overall=0.7)
        )
    history, verdict = follow(History(), told, HealthSection(), grace_steps=150)
    assert verdict is None
    assert len(history.evaluations) == 10


def test_nothing_known_is_nothing_wrong() -> None:
    assert judge(History(), HealthSection(), grace_steps=0) is None


def test_no_explosion_is_missed_in_a_long_batch_of_events(events: Makers) -> None:
    told = [events["step"](number, norm=1e4 if 10 <= number < 15 else 1.0) for number in range(300)]
    history, verdict = follow(History(), told, HealthSection(), grace_steps=150)
    assert verdict is not None
    assert (verdict.reason, verdict.step) == (Reason.GRADIENT_EXPLOSION, 14)
    assert history.steps[-1].step == 14


def test_batches_of_any_size_lead_to_the_same(events: Makers) -> None:
    told = [events["step"](number, norm=1e4 if number % 4 == 0 else 1.0) for number in range(100)]
    results = []
    for size in (1, 7, 100):
        history, verdict = History(), None
        for start in range(0, 100, size):
            history, verdict = follow(
                history, told[start : start + size], HealthSection(), grace_steps=150
            )
            if verdict is not None:
                results.append((verdict.reason, verdict.step))
                break
    assert results == [(Reason.GRADIENT_EXPLOSION, 16)] * 3


def test_reasons_are_the_published_identifiers() -> None:
    assert {str(reason) for reason in Reason} == {
        "gradient_explosion",
        "non_finite",
        "never_aligned",
        "alignment_lost",
        "statistical",
        "out_of_memory",
        "stopped",
        "stalled",
        "crashed",
        "bad_input",
    }
