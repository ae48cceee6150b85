"""Which backend computes the recurrences."""

from functools import cache
from typing import Literal

import torch
from torch import Tensor

from trainer.model.recurrence.kernels import Kernels
from trainer.model.recurrence.native_kernels import NativeKernels
from trainer.model.recurrence.native_library import NativeUnavailableError, native_library
from trainer.model.recurrence.torch_kernels import TorchKernels

DecoderBackend = Literal["auto", "torch", "native"]
_TORCH = TorchKernels()


def kernels_for(backend: DecoderBackend, like: Tensor) -> Kernels:
    """The backend for tensors as ``like``: C++ for float32 on the CPU, PyTorch for all else.

    PyTorch stands in where there is no C++: a voice speaks on any machine, whatever trained it.
    """
    if backend == "torch" or like.device.type != "cpu" or like.dtype != torch.float32:
        return _TORCH
    native = _native()
    return _TORCH if isinstance(native, NativeUnavailableError) else native


def describe_backend(backend: DecoderBackend, device: torch.device) -> str:
    """What will run on ``device``, and where that isn't what one would expect, why.

    Raises:
        NativeUnavailableError: ``native`` is asked for, and there is none.
    """
    if device.type != "cpu":
        if backend == "native":
            raise NativeUnavailableError(f"it is for the CPU, and this is {device.type}")
        return _TORCH.name
    native = _native() if backend != "torch" else None
    if isinstance(native, NativeUnavailableError):
        if backend == "native":
            raise native
        return f"{_TORCH.name} ({native})"
    return (native or _TORCH).name


@cache
def _native() -> NativeKernels | NativeUnavailableError:
    try:
        return NativeKernels(native_library())
    except NativeUnavailableError as error:
        return error
