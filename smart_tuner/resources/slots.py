"""Where trials run: how many at once, and on which GPU each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from smart_tuner.resources.machine import Machine

Jobs = int | Literal["auto"]
"""``study.jobs``: trials at once."""
_USABLE = 0.9
"""Of the free memory; the rest is kept back, for trials are measured on a few steps alone."""
_SHOWN_NAME = 12
"""Of a GPU's unique name, such as ``GPU-8932f937-d72c-…``."""


@dataclass(frozen=True)
class Slot:
    """A place for one trial at a time."""

    name: str
    """Unlike that of any other: ``cpu 1``, ``gpu 0``, ``gpu 0 #2``."""
    gpu: str | None = None
    """The only one that its trainer sees, as ``CUDA_VISIBLE_DEVICES`` names it."""


@dataclass(frozen=True)
class SlotPlan:
    """How many trials run at once, and where."""

    slots: tuple[Slot, ...]
    """At least one."""
    limited_by: Literal["jobs", "gpus", "cores", "memory"]
    """Why there are no more."""
    note: str | None = None
    """What a person should know of it, in one line."""


def plan_slots(
    jobs: Jobs, machine: Machine, threads: int, memory_mb_per_trial: float | None = None
) -> SlotPlan:
    """Share ``machine`` among trials.

    ``auto`` is one a GPU; without GPUs, as many as there are cores for. A number is spread over the
    GPUs in turns. More than the memory allows are never started at once, but for a first one.

    Args:
        jobs: what the study asks for.
        machine: what there is.
        threads: of each trial.
        memory_mb_per_trial: as measured; ``None`` or 0: unknown.
    """
    number, limited_by = _wanted(jobs, machine, threads)
    notes = []
    if memory_mb_per_trial:
        fitting = int(machine.memory_mb * _USABLE // memory_mb_per_trial)
        if fitting < number:
            number, limited_by = max(1, fitting), "memory"
            notes.append(_memory_note(jobs, fitting, machine, memory_mb_per_trial))
    if number * threads > machine.cores:
        notes.append(_cores_note(number, threads, machine.cores))
    return SlotPlan(_slots(number, machine.gpus), limited_by, "; ".join(notes) or None)


def _wanted(
    jobs: Jobs, machine: Machine, threads: int
) -> tuple[int, Literal["jobs", "gpus", "cores", "memory"]]:
    if jobs != "auto":
        return jobs, "jobs"
    if machine.gpus:
        return len(machine.gpus), "gpus"
    return max(1, machine.cores // threads), "cores"


def _slots(number: int, gpus: tuple[str, ...]) -> tuple[Slot, ...]:
    if not gpus:
        return tuple(Slot(f"cpu {n}") for n in range(1, number + 1))
    used: Counter[str] = Counter()
    slots = []
    for n in range(number):
        gpu = gpus[n % len(gpus)]
        name = f"gpu {gpu}" if gpu.isdecimal() else gpu[:_SHOWN_NAME]
        used[name] += 1
        slots.append(Slot(name if used[name] == 1 else f"{name} #{used[name]}", gpu))
    return tuple(slots)


def _memory_note(jobs: Jobs, fitting: int, machine: Machine, each: float) -> str:
    allowed = f"only {fitting} at once" if fitting > 1 else "one at a time"
    if fitting == 0:
        allowed = "one at a time, which may be too much already"
    return (
        f"study.jobs={jobs}: {allowed}, for each trial takes about {_gb(each)} of memory and "
        f"{_gb(machine.memory_mb)} are free, a tenth of which is kept back; end other programs, "
        "or set trainer.hparams.micro_batch_size lower"
    )


def _cores_note(number: int, threads: int, cores: int) -> str:
    trials = "1 trial" if number == 1 else f"{number} trials at once"
    return (
        f"{trials} with trainer.threads={threads} share {cores} "
        f"core{'s' if cores > 1 else ''}, and slow each other down"
    )


def _gb(megabytes: float) -> str:
    return f"{megabytes / 1024:.1f} GB"


class SlotPool:
    """Which slots are free; at most as many are taken as the plan has."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self._slots = tuple(slots)
        self._taken: list[Slot] = []

    @property
    def size(self) -> int:
        """How many trials may run at once."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """How many could still be taken."""
        return max(0, len(self._slots) - len(self._taken))

    def take(self) -> Slot | None:
        """A free slot, of the GPU with the fewest trials; ``None`` where there is none."""
        free = [slot for slot in self._slots if slot not in self._taken]
        if not free or not self.free:
            return None
        busy = Counter(slot.gpu for slot in self._taken)
        self._taken.append(min(free, key=lambda slot: busy[slot.gpu]))
        return self._taken[-1]

    def hold(self, name: str) -> Slot:
        """The slot of a trial that runs already, started by a controller before this one.

        One that the plan does not have, or that is taken, counts beside the plan's.
        """
        planned = [slot for slot in self._slots if slot.name == name]
        self._taken.append(planned[0] if planned else Slot(name))
        return self._taken[-1]

    def give_back(self, slot: Slot) -> None:
        """``slot`` is free again; ``ValueError`` where nobody has it."""
        self._taken.remove(slot)

    def recount(self, taken: Iterable[Slot]) -> None:
        """These are taken, and no others."""
        self._taken = list(taken)

    def change(self, slots: Iterable[Slot]) -> None:
        """Another plan from now on; what is taken stays so until it is given back."""
        self._slots = tuple(slots)
