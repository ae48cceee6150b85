"""Several processes that train one model: each has a rank, and takes its share of every batch.

Started by ``torchrun``, which sets the environment. Gradients are summed once a step, after the
last micro-batch, instead of by ``DistributedDataParallel``: the losses are already divided by the
counts of the effective batch, no parameter changes its name in the state dict, and a step that
has to measure two gradients apart (``use_mmi``) sums them like any other.
"""

import os
from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from trainer.devices import choose_device
from trainer.exit_codes import BadInputError


class Ranks:
    """This process among those that train together; alone, every method is the identity."""

    def __init__(self, rank: int, world: int, device: torch.device) -> None:
        self.rank, self.world, self.device = rank, world, device

    @classmethod
    def join(cls, device_name: str) -> "Ranks":
        """Join the group that ``torchrun`` describes; without one, train alone.

        Raises:
            BadInputError: the device is not there, or is named by number for several ranks.
        """
        # A resumed run has to choose the same convolution algorithms, and all sum in one order.
        torch.backends.cudnn.deterministic = True
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls(0, 1, choose_device(device_name))
        if ":" in device_name:
            raise BadInputError(
                f"device '{device_name}': torchrun gives each of {world} processes its own GPU; "
                "use --device auto, cpu or cuda"
            )
        device = choose_device(device_name)
        if device.type == "cuda":
            device = choose_device(f"cuda:{os.environ['LOCAL_RANK']}")
            torch.cuda.set_device(device)
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        return cls(dist.get_rank(), world, device)

    @property
    def is_first(self) -> bool:
        """Whether this process writes: events, checkpoints, pictures."""
        return self.rank == 0

    def sum_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Add the ranks' tensors up, in place, as one message."""
        if self.world == 1 or not tensors:
            return
        flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
        dist.all_reduce(flat)
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, part in zip(tensors, torch.split(flat, sizes), strict=True):
            tensor.detach().copy_(part.view_as(tensor))

    def sum_gradients(self, model: nn.Module) -> None:
        """Add the ranks' gradients up; a rank without a share of the batch adds nothing."""
        if self.world == 1:
            return
        for parameter in model.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        self.sum_tensors([p.grad for p in model.parameters() if p.grad is not None])

    def average_buffers(self, model: nn.Module) -> None:
        """Give every rank the mean of all ranks' BatchNorm statistics."""
        buffers = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
        self.sum_tensors(buffers)
        for buffer in buffers if self.world > 1 else ():
            buffer /= self.world

    def sum_numbers(self, numbers: Sequence[float]) -> list[float]:
        """The sums over all ranks."""
        total = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        self.sum_tensors([total])
        return [float(value) for value in total]

    def any(self, flag: bool) -> bool:
        """Whether any rank says so: all of them act alike."""
        return flag if self.world == 1 else self.sum_numbers([float(flag)])[0] > 0

    def from_first(self, value: Any) -> Any:
        """The first rank's ``value``."""
        if self.world == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def gather(self, value: Any) -> list[Any]:
        """Every rank's ``value``, in the order of ranks."""
        if self.world == 1:
            return [value]
        values: list[Any] = [None] * self.world
        dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Go on when all ranks have come here."""
        if self.world > 1:
            dist.barrier()

    def leave(self) -> None:
        """Leave the group."""
        if self.world > 1 and dist.is_initialized():
            dist.destroy_process_group()
