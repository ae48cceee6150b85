"""How a machine is shared among trials."""

from typing import Any

import pytest

from smart_tuner.resources.machine import Machine
from smart_tuner.resources.slots import Slot, SlotPool, plan_slots

GB = 1024.0
ONE_GPU, TWO_GPUS = ("0",), ("0", "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6")


@pytest.mark.parametrize(
    ("jobs", "cores", "memory_gb", "gpus", "threads", "trial_gb", "number", "limited_by"),
    [
        # auto, on a CPU
        ("auto", 8, 64, (), 1, None, 8, "cores"),
        ("auto", 8, 64, (), 3, None, 2, "cores"),
        ("auto", 2, 64, (), 4, None, 1, "cores"),
        ("auto", 8, 64, (), 1, 0.0, 8, "cores"),
        ("auto", 8, 64, (), 1, 2.0, 8, "cores"),
        ("auto", 8, 10, (), 1, 2.0, 4, "memory"),  # 9 of 10 GB
        ("auto", 8, 1, (), 1, 2.0, 1, "memory"),
        # auto, with GPUs
        ("auto", 8, 64, ONE_GPU, 1, 2.0, 1, "gpus"),
        ("auto", 8, 64, TWO_GPUS, 1, 2.0, 2, "gpus"),
        ("auto", 8, 3, TWO_GPUS, 1, 2.0, 1, "memory"),
        # as many as are asked for, where memory allows them
        (1, 8, 64, (), 1, 2.0, 1, "jobs"),
        (5, 8, 64, (), 1, None, 5, "jobs"),
        (5, 2, 64, (), 1, 2.0, 5, "jobs"),
        (5, 8, 10, (), 1, 2.0, 4, "memory"),
        (5, 8, 64, TWO_GPUS, 1, 2.0, 5, "jobs"),
        (5, 8, 10, TWO_GPUS, 1, 4.0, 2, "memory"),
        (1, 8, 1, (), 1, 2.0, 1, "memory"),
    ],
)
def test_how_many(
    jobs: Any, cores: int, memory_gb: float, gpus: tuple[str, ...], threads: int,
    trial_gb: float | None, number: int, limited_by: str,
) -> None:  # fmt: skip
    machine = Machine(cores, memory_gb * GB, gpus)
    plan = plan_slots(jobs, machine, threads, trial_gb and trial_gb * GB)
    assert (len(plan.slots), plan.limited_by) == (number, limited_by)
    assert len({slot.name for slot in plan.slots}) == number
    told = limited_by == "memory" or number * threads > cores
    assert (plan.note is not None) is told


def test_gpus_are_used_in_turns() -> None:
    plan = plan_slots(5, Machine(8, 64 * GB, TWO_GPUS), 1)
    assert [slot.gpu for slot in plan.slots] == [TWO_GPUS[n % 2] for n in range(5)]
    assert [slot.name for slot in plan.slots] == [
        "gpu 0", "GPU-8932f937", "gpu 0 #2", "GPU-8932f937 #2", "gpu 0 #3"
    ]  # fmt: skip


def test_without_gpus_a_trainer_sees_what_it_would() -> None:
    plan = plan_slots(2, Machine(8, 64 * GB), 1)
    assert plan.slots == (Slot("cpu 1"), Slot("cpu 2"))
    assert plan.slots[0].gpu is None


@pytest.mark.parametrize(
    ("jobs", "cores", "trial_gb", "note"),
    [
        (8, 8, 2.0, "study.jobs=8: only 4 at once, for each trial takes about 2.0 GB of memory and "
         "10.0 GB are free, a tenth of which is kept back; end other programs, or set "
         "trainer.hparams.micro_batch_size lower"),
        ("auto", 8, 6.0, "study.jobs=auto: one at a time, for each trial takes about 6.0 GB of"),
        (2, 8, 12.0, "study.jobs=2: one at a time, which may be too much already, for each trial"),
        (3, 2, 1.0, "3 trials at once with trainer.threads=1 share 2 cores, and slow each other"),
        (9, 2, 2.0, "lower; 4 trials at once with trainer.threads=1 share 2 cores, and slow"),
    ],
)  # fmt: skip
def test_what_a_person_should_know(jobs: Any, cores: int, trial_gb: float, note: str) -> None:
    plan = plan_slots(jobs, Machine(cores, 10 * GB), 1, trial_gb * GB)
    assert plan.note is not None
    assert note in plan.note
    assert "\n" not in plan.note


def test_slots_are_taken_and_given_back() -> None:
    one, two = slots = (Slot("cpu 1"), Slot("cpu 2"))
    pool = SlotPool(slots)
    assert (pool.size, pool.free) == (2, 2)
    assert (pool.take(), pool.take(), pool.take()) == (one, two, None)
    assert pool.free == 0
    pool.give_back(one)
    assert pool.free == 1
    assert pool.take() == one
    pool.give_back(two)
    with pytest.raises(ValueError, match="not in list"):
        pool.give_back(two)


def test_the_gpu_with_the_fewest_trials_is_next() -> None:
    slots = [Slot("gpu 0", "0"), Slot("gpu 1", "1"), Slot("gpu 0 #2", "0"), Slot("gpu 1 #2", "1")]
    pool = SlotPool(slots)
    taken = [pool.take() for _ in slots]
    assert taken == slots
    pool.give_back(slots[0])
    pool.give_back(slots[1])
    pool.give_back(slots[3])
    assert pool.take() == slots[1]  # gpu 0 still has a trial


def test_a_trial_that_runs_already_holds_its_slot() -> None:
    slots = [Slot("gpu 0", "0"), Slot("gpu 1", "1")]
    pool = SlotPool(slots)
    assert pool.hold("gpu 1") == slots[1]
    assert pool.take() == slots[0]
    assert pool.take() is None


def test_a_slot_that_the_plan_does_not_have_counts_too() -> None:
    pool = SlotPool([Slot("cpu 1"), Slot("cpu 2")])
    held = pool.hold("cpu 7")
    assert (pool.free, pool.take(), pool.take()) == (1, Slot("cpu 1"), None)
    pool.give_back(held)
    assert pool.take() == Slot("cpu 2")


def test_a_change_of_plan_ends_no_trial() -> None:
    pool = SlotPool([Slot("cpu 1"), Slot("cpu 2"), Slot("cpu 3")])
    taken = [pool.take(), pool.take()]
    pool.change([Slot("cpu 1")])
    assert (pool.size, pool.free, pool.take()) == (1, 0, None)
    for slot in taken:
        assert slot is not None
        pool.give_back(slot)
    assert (pool.take(), pool.take()) == (Slot("cpu 1"), None)
    pool.change([Slot("cpu 1"), Slot("cpu 2")])
    assert pool.take() == Slot("cpu 2")


def test_a_recount_is_believed() -> None:
    pool = SlotPool([Slot("cpu 1"), Slot("cpu 2")])
    pool.take()
    pool.recount([Slot("cpu 2")])
    assert (pool.free, pool.take()) == (1, Slot("cpu 1"))
