"""A loop in chunks of one size: the last one is filled up, and what it makes too much is left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar, overload

from torch import Tensor
from torch.nn import functional as F

from trainer.model.recurrence.torch_parts import PLAIN, Parts

Result = TypeVar("Result")


class Begin(Protocol):
    """Gets ready for the chunks of one loop."""

    def __call__(
        self, chunk: Callable[..., Result], /, **fixed: Tensor | None
    ) -> Callable[..., Result]:
        """``chunk``, a function of tensors or None, with what is the same for the whole loop.

        Each call of what is returned reads all that it is given, then overwrites what the last
        call returned.
        """


@dataclass(frozen=True)
class Chunk:
    """``size`` steps from step ``begin`` on, of which the loop has ``steps``."""

    begin: int
    steps: int
    size: int

    @overload
    def cut(self, of_steps: Tensor) -> Tensor: ...
    @overload
    def cut(self, of_steps: None) -> None: ...
    def cut(self, of_steps: Tensor | None) -> Tensor | None:
        """[T, ...] -> [size, ...], 0 on the steps that there aren't."""
        return None if of_steps is None else self._cut(of_steps, self.size)

    def cut_states(self, of_states: Tensor) -> Tensor:
        """[T+1, ...] -> [size+1, ...]: with the state before the first step."""
        return self._cut(of_states, self.size + 1)

    def keep(self, of_steps: Tensor, made: Tensor) -> None:
        """Copy the steps of ``made`` [size, ...] to where they belong in ``of_steps`` [T, ...].

        Of every other dimension, too, only the size that ``of_steps`` has: tokens were filled up.
        """
        _copy_part(of_steps[self.begin : self.begin + self.steps], made)

    def keep_states(self, of_states: Tensor, made: Tensor) -> None:
        """As :meth:`keep`, the states after the steps: [size+1, ...] -> [T+1, ...]."""
        _copy_part(of_states[self.begin + 1 : self.begin + 1 + self.steps], made[1:])

    def _cut(self, tensor: Tensor, size: int) -> Tensor:
        return filled_up(tensor[self.begin : self.begin + size], 0, size)


@dataclass(frozen=True)
class Chunking:
    """How loops are cut, and who runs the chunks."""

    begin: Begin
    parts: Parts = PLAIN
    steps: int = 32
    """Of a chunk."""
    tokens: int = 32
    """Texts are filled up to a multiple of it."""

    def of(self, steps: int) -> list[Chunk]:
        """All chunks of a loop, the first one first."""
        return [
            Chunk(begin, min(self.steps, steps - begin), self.steps)
            for begin in range(0, steps, self.steps)
        ]

    def with_surplus(self, tokens: int) -> int:
        """The number of tokens that is computed with."""
        return -(-tokens // self.tokens) * self.tokens


def filled_up(tensor: Tensor, dim: int, size: int, value: float = 0.0) -> Tensor:
    """``value`` behind ``tensor`` until it has ``size`` along ``dim``; itself where it has."""
    missing = size - tensor.shape[dim]
    if not missing:
        return tensor
    behind = tensor.dim() - 1 - dim  # F.pad counts dimensions from the last
    return F.pad(tensor, (0, 0) * behind + (0, missing), value=value)


def _copy_part(target: Tensor, source: Tensor) -> None:
    target.copy_(source[tuple(slice(size) for size in target.shape)])
