"""What a study will cost: measured before its first trial, by the trainer itself."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.launch.trainer_process import TrainerProcess, wait_for_an_end
from trainer.events import Ended, Estimate, Event, EventReader, Preparing
from trainer.exit_codes import BadInputError, TrainerExit

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """What one trial takes, run to its end."""

    seconds_per_trial: float
    memory_mb: float = 0.0
    """At most, as far as a few steps show; 0: unknown."""

    def fitting(self, seconds: float, jobs: int) -> int:
        """How many trials fit into ``seconds``."""
        return int(seconds // self.seconds_per_trial) * jobs

    def remaining(self, loads: Sequence[float], jobs: int) -> float:
        """Seconds that trials take, ``jobs`` at once.

        Args:
            loads: of each trial, in their order, the share that is still to be run.
            jobs: how many run at once; each goes to the one that is free first.
        """
        busy = [0.0] * jobs
        for load in loads:
            heapq.heapreplace(busy, busy[0] + load)
        return max(busy) * self.seconds_per_trial


def cost_of(estimate: Estimate, config: StudyConfig) -> Cost:
    """Steps, evaluations and the start."""
    evaluations = -(-config.trainer.steps // config.trainer.evaluate_every)
    return Cost(
        estimate.seconds_to_start
        + config.trainer.steps * estimate.seconds_per_step
        + evaluations * estimate.seconds_per_evaluation,
        estimate.memory_mb,
    )


def _nobody(preparing: Preparing) -> None:
    """Who is told of the preparation where nobody asked."""


def measure(
    process: TrainerProcess,
    go_on: Callable[[], bool],
    tell: Callable[[Preparing], None] = _nobody,
) -> Estimate | None:
    """Wait for the measurement; ``None`` where it failed, or ``go_on`` said to leave.

    Args:
        process: the trainer that measures.
        go_on: asked all the time; False ends the process.
        tell: told how far the preparation is.

    Raises:
        BadInputError: the trainer found its input wrong.
    """
    reader, said = EventReader(process.paths.events), list[Event]()
    ended = False
    while not ended:
        ended = process.poll()
        for event in reader.poll():
            said.append(event)
            if isinstance(event, Preparing):
                tell(event)
        process.renew_lease()
        wait_for_an_end([process], _POLL_SECONDS)
        if not go_on():
            process.kill()
    if process.exit_code == TrainerExit.BAD_INPUT:
        messages = [event.message for event in said if isinstance(event, Ended)]
        raise BadInputError(messages[-1] if messages else f"see {process.paths.log}")
    estimates = [event for event in said if isinstance(event, Estimate)]
    return estimates[-1] if estimates else None
