"""Contestants in turns; ratios pair by pair."""

import time

import pytest
import torch

from benchmarks.clock import Clock
from benchmarks.timing import Contestant, Ratio, Series, interleaved

CPU = torch.device("cpu")


def test_contestants_take_turns_and_each_comes_first_in_some_turn() -> None:
    order: list[str] = []

    def contestant(name: str) -> Contestant:
        def run() -> dict[str, float]:
            order.append(name)
            return {"step": float(len(order))}

        return Contestant(name, name == "a", run)

    ran: list[None] = []
    found = interleaved([contestant(n) for n in "abc"], 3, ran=lambda: ran.append(None))
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"  # the first turn is not measured
    assert [each.of("step") for each in found] == [[4.0, 9.0, 11.0], [5.0, 7.0, 12.0], [6, 8, 10]]
    assert [each.ours for each in found] == [True, False, False]
    assert len(ran) == len(order)


def test_without_a_warm_up_every_run_counts() -> None:
    runs = iter((1.0, 2.0))
    found = interleaved([Contestant("a", True, lambda: {"x": next(runs)})], 2, warm_up=False)
    assert found == [Series("a", True, ({"x": 1.0}, {"x": 2.0}))]


def test_a_ratio_is_the_median_of_pairs_not_a_ratio_of_medians() -> None:
    assert Ratio.of([2.0, 30.0, 8.0], [1.0, 10.0, 2.0]) == Ratio(3.0, 2.0, 4.0)
    with pytest.raises(ValueError, match="shorter"):
        Ratio.of([1.0, 2.0], [1.0])


def test_cpu_time_forgives_a_process_that_has_to_wait() -> None:
    seconds = {}
    for kind in ("CPU", "wall"):
        clock = Clock(kind, CPU)
        start = clock.now()
        time.sleep(0.05)
        seconds[kind] = clock.now() - start
    assert seconds["CPU"] < 0.02
    assert seconds["wall"] >= 0.05


@pytest.mark.parametrize(
    ("device", "threads", "kind"), [("cpu", 1, "CPU"), ("cpu", 4, "wall"), ("cuda", 1, "wall")]
)
def test_what_several_compute_at_once_is_timed_by_the_wall(
    device: str, threads: int, kind: str
) -> None:
    assert Clock.suitable(torch.device(device), threads).kind == kind
