"""How often a run may go back."""

import json

import pytest

from trainer.hparams import HParams
from trainer.stability import Rescue


def play(rescue: Rescue, story: list[tuple[str, int]]) -> list[bool]:
    """The answers to failures; ``good`` is a good checkpoint."""
    answers = []
    for what, step in story:
        if what == "fails":
            answers.append(rescue.failed(step))
        else:
            rescue.progressed(step)
    return answers


@pytest.mark.parametrize(
    ("story", "answers", "restarts", "total"),
    [
        ([("fails", 7)], [True], 1, 1),
        ([("fails", 7)] * 3, [True, True, True], 3, 3),
        ([("fails", 7)] * 5, [True, True, True, False, False], 3, 3),
        # Only a good checkpoint beyond the failure is progress.
        ([("fails", 7), ("good", 6), ("fails", 7)], [True, True], 2, 2),
        ([("fails", 7), ("good", 7), ("fails", 7)], [True, True], 2, 2),
        ([("fails", 7), ("good", 8), ("fails", 9)], [True, True], 1, 2),
        ([("fails", 7), ("good", 8)], [True], 0, 1),
        # The furthest failure of the row counts, not the last.
        ([("fails", 90), ("fails", 55), ("good", 60), ("fails", 90)], [True] * 3, 3, 3),
        ([("fails", 90), ("fails", 55), ("good", 91), ("fails", 95)], [True] * 3, 1, 3),
        ([("fails", 90), ("good", 91), ("fails", 20), ("good", 30)], [True] * 2, 0, 2),
        ([("good", 5), ("fails", 7)], [True], 1, 1),
        ([], [], 0, 0),
    ],
)
def test_three_in_a_row(
    story: list[tuple[str, int]], answers: list[bool], restarts: int, total: int
) -> None:
    rescue = Rescue(HParams())
    assert play(rescue, story) == answers
    assert (rescue.restarts, rescue.total) == (restarts, total)


@pytest.mark.parametrize(
    ("changes", "answers"),
    [
        ({"max_restarts": 0}, [False, False]),
        ({"max_restarts": 1}, [True, False]),
        ({"rescue": False}, [False, False]),
    ],
)
def test_it_can_be_limited_and_switched_off(
    changes: dict[str, object], answers: list[bool]
) -> None:
    rescue = Rescue(HParams.model_validate(changes))
    assert play(rescue, [("fails", 7)] * 2) == answers
    assert rescue.restarts == sum(answers)


def test_a_restored_rescue_counts_on() -> None:
    one, other = Rescue(HParams()), Rescue(HParams())
    play(one, [("fails", 90), ("good", 95), ("fails", 120), ("fails", 100)])
    other.restore(json.loads(json.dumps(one.state())))
    assert (other.restarts, other.total) == (2, 3)
    rest = [("good", 119), ("fails", 130), ("fails", 120), ("good", 131), ("fails", 7)]
    assert play(other, rest) == play(one, rest) == [True, False, True]
