"""What the means of one effective batch are taken over."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Pool:
    """Counts of the effective batch: all its micro-batches, on all ranks.

    Each micro-batch's loss is its own sum divided by these, so that they add up to the loss of
    the whole.
    """

    utterances: int
    frames: int
    """Valid mel frames."""
    steps: int
    """Valid decoder steps: the sum of ceil(frames / r)."""
    ctc_utterances: int
    """Utterances with decoder steps enough for CTC: labels + repeats."""

    @classmethod
    def of(
        cls, sequences: Sequence[Sequence[int]], n_frames: Sequence[int], n_frames_per_step: int
    ) -> "Pool":
        """Of utterances, each with its symbol ids and its number of mel frames."""
        steps = [-(-frames // n_frames_per_step) for frames in n_frames]
        return cls(
            utterances=len(sequences),
            frames=sum(n_frames),
            steps=sum(steps),
            ctc_utterances=sum(
                n >= least_ctc_steps(sequence) for sequence, n in zip(sequences, steps, strict=True)
            ),
        )


def least_ctc_steps(sequence: Sequence[int]) -> int:
    """The steps that CTC needs: one a label, and a blank between two labels that are equal."""
    return len(sequence) + sum(one == other for one, other in pairwise(sequence))
