"""Chunks of a loop as CUDA graphs: captured once for a shape, then launched as a whole.

As torch.cuda.graph asks for: a warm-up and the capture on one side stream; inputs that are copied
to where the graph reads them; nothing that waits for the GPU inside.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

Result = TypeVar("Result")
Given = dict[str, Tensor | None]
_WARM_UPS = 3


class Place(NamedTuple):
    """Where the graphs of a device are captured."""

    stream: torch.cuda.Stream
    pool: Any
    """Memory that they share. What passes between two operations of a graph lies there, and what
    it returns: another graph may overwrite it, once the chunk's results have been copied."""


class CapturedChunk(Generic[Result]):
    """One function of tensors of one shape."""

    def __init__(self, chunk: Callable[..., Result], given: Given, place: Place) -> None:
        self._inputs = {name: _contiguous_copy(tensor) for name, tensor in given.items()}
        present = torch.cuda.current_stream()
        place.stream.wait_stream(present)
        with torch.cuda.stream(place.stream):
            for _ in range(_WARM_UPS):  # compiles, loads and chooses what can't be within a capture
                chunk(**self._inputs)
        present.wait_stream(place.stream)
        self._graph = torch.cuda.CUDAGraph()
        # Of this thread alone: another one may be pinning the next batch's memory.
        with torch.cuda.graph(
            self._graph, pool=place.pool, stream=place.stream, capture_error_mode="thread_local"
        ):
            self._made = chunk(**self._inputs)

    def load(self, given: Given) -> None:
        """Copy some of the inputs to where the graph reads them."""
        for name, tensor in given.items():
            target = self._inputs[name]
            if tensor is not None and target is not None:
                target.copy_(tensor)

    def run(self, given: Given) -> Result:
        """What the function makes of the inputs, until any graph of the device runs again."""
        self.load(given)
        self._graph.replay()
        return self._made


class CudaGraphs:
    """Captures the chunks of loops, and keeps the graphs: the latest used ``most`` of them.

    For one loop at a time, on one stream: graphs share memory.
    """

    def __init__(self, most: int = 48) -> None:
        self._most = most
        self._graphs: OrderedDict[Any, CapturedChunk[Any]] = OrderedDict()
        self._places: dict[torch.device, Place] = {}

    def __call__(
        self, chunk: Callable[..., Result], /, **fixed: Tensor | None
    ) -> Callable[..., Result]:
        """``chunk`` with what is the same for all chunks of a loop."""
        captured: list[CapturedChunk[Result]] = []

        def run(**given: Tensor | None) -> Result:
            with torch.no_grad():
                if not captured:
                    captured.append(self._captured(chunk, {**fixed, **given}))
                    captured[0].load(fixed)
                return captured[0].run(given)

        return run

    def __len__(self) -> int:
        return len(self._graphs)

    def _captured(self, chunk: Callable[..., Result], given: Given) -> CapturedChunk[Result]:
        key = chunk, tuple((name, _kind(tensor)) for name, tensor in sorted(given.items()))
        if key not in self._graphs:
            if len(self._graphs) >= self._most:
                torch.cuda.synchronize()  # the GPU may still be running what goes
                self._graphs.popitem(last=False)
            device = next(tensor.device for tensor in given.values() if tensor is not None)
            with torch.cuda.device(device), torch.autocast("cuda", enabled=False):
                self._graphs[key] = CapturedChunk(chunk, given, self._place(device))
        self._graphs.move_to_end(key)
        return self._graphs[key]

    def _place(self, device: torch.device) -> Place:
        if device not in self._places:
            stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._places[device] = Place(stream, torch.cuda.graph_pool_handle())
        return self._places[device]


def _kind(tensor: Tensor | None) -> tuple[torch.Size, torch.dtype, torch.device] | None:
    return None if tensor is None else (tensor.shape, tensor.dtype, tensor.device)


def _contiguous_copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().clone(memory_format=torch.contiguous_format)
