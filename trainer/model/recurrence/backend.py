"""Which backend computes the recurrences."""

import os
import shutil
from functools import cache
from importlib.util import find_spec
from typing import Literal

import torch
from torch import Tensor

from trainer.model.recurrence.chunked_kernels import ChunkedKernels
from trainer.model.recurrence.chunks import Chunking
from trainer.model.recurrence.cuda_graphs import CudaGraphs
from trainer.model.recurrence.kernels import Kernels
from trainer.model.recurrence.native_kernels import NativeKernels
from trainer.model.recurrence.native_library import NativeUnavailableError, native_library
from trainer.model.recurrence.torch_kernels import TorchKernels
from trainer.model.recurrence.torch_parts import PLAIN, fused_parts

DecoderBackend = Literal["auto", "torch", "native", "graphs"]
_TORCH = TorchKernels()
_GRAPHS = "graphs"


class BackendUnavailableError(Exception):
    """The backend that is asked for can't run here; the message says why, and what to do."""


def kernels_for(backend: DecoderBackend, like: Tensor) -> Kernels:
    """The backend for tensors as ``like``: C++ for float32 on the CPU, PyTorch for all else.

    PyTorch stands in where ``backend`` can't run: a voice speaks on any machine, whatever trained
    it.
    """
    if backend == "graphs":
        return _graphs() if like.is_cuda else _TORCH
    if backend == "torch" or like.device.type != "cpu" or like.dtype != torch.float32:
        return _TORCH
    native = _native()
    return _TORCH if isinstance(native, NativeUnavailableError) else native


def describe_backend(backend: DecoderBackend, device: torch.device) -> str:
    """What will run on ``device``, and where that isn't what one would expect, why.

    Raises:
        BackendUnavailableError: ``native`` or ``graphs`` is asked for, and can't run there.
    """
    if backend == "graphs":
        _require(device, "cuda", "CUDA")
        why = "" if _can_fuse() else " (not fused: Triton or a C compiler is missing)"
        return f"{_GRAPHS}{why}"
    if backend == "native":
        _require(device, "cpu", "the CPU")
    if backend == "torch" or device.type != "cpu":
        return _TORCH.name
    native = _native()
    if not isinstance(native, NativeUnavailableError):
        return native.name
    if backend == "native":
        raise BackendUnavailableError(f"{native}; {native.remedy}, or leave it at auto") from native
    return f"{_TORCH.name} ({native})"


def _require(device: torch.device, kind: str, named: str) -> None:
    if device.type != kind:
        raise BackendUnavailableError(
            f"it is for {named}, and this is {device.type}; leave it at auto"
        )


@cache
def _native() -> NativeKernels | NativeUnavailableError:
    try:
        return NativeKernels(native_library())
    except NativeUnavailableError as error:
        return error


@cache
def _graphs() -> ChunkedKernels:
    parts = fused_parts() if _can_fuse() else PLAIN
    return ChunkedKernels(_GRAPHS, Chunking(CudaGraphs(), parts))


def _can_fuse() -> bool:
    """Whether torch.compile can make kernels for a GPU; Triton compiles their launchers in C."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")
    return compiler is not None and find_spec("triton") is not None
