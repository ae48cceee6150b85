"""How the C++ loops are called: structures of sizes and addresses.

Each structure mirrors one of ``native/*.{h,cpp}``, field by field.
"""

import ctypes
from typing import Any

import torch
from torch import Tensor


def _structure(sizes: str, arrays: str, *others: tuple[str, Any]) -> type[ctypes.Structure]:
    fields: list[Any] = [(size, ctypes.c_int64) for size in sizes.split()]
    fields += [*others, *((array, ctypes.c_void_p) for array in arrays.split())]
    return type("Arguments", (ctypes.Structure,), {"_fields_": fields})


_ATTENTION_SIZES = "steps batch tokens hidden encoder dim kernel threads"
_ARGUMENTS = {
    "lstm_forward": _structure(
        "steps batch hidden reverse threads",
        "lengths recurrent pre_gates dropout states cells gates",
    ),
    "lstm_backward": _structure(
        "steps batch hidden reverse threads",
        "recurrent gates cells dropout d_hidden d_gates",
    ),
    "attention_forward": _structure(
        _ATTENTION_SIZES,
        "lengths recurrent query location v memory processed pre_gates dropout "
        "states cells past gates tanh",
    ),
    "attention_backward": _structure(
        _ATTENTION_SIZES,
        "lengths recurrent query location v memory dropout cells past gates tanh "
        "d_hidden d_context d_weights d_gates d_contexts d_queries d_processed d_location d_v",
    ),
    "speech_begin": _structure(
        "batch tokens encoder dim kernel hidden decoder_hidden mels frames prenet_1_size "
        "prenet_2_size by_weights threads",
        "lengths memory processed prenet_1 prenet_2 attention attention_bias query location v "
        "decoder decoder_bias output output_bias",
    ),
    "speech_run": _structure(
        "steps",
        "mask_1 mask_2 outputs weights opened",
        ("gate_threshold", ctypes.c_double),
    ),
}
_DTYPES = {"lengths": torch.int64, "opened": torch.bool}  # all else is float32


def arguments(function: str, sizes: dict[str, int], **given: Tensor | float | None) -> Any:
    """What ``function`` takes; the tensors must live as long as it runs."""
    values: dict[str, float | None] = {}
    for name, value in given.items():
        values[name] = _address(name, value) if isinstance(value, Tensor) else value
    return _ARGUMENTS[function](**sizes, **values)


def call(
    library: ctypes.CDLL, function: str, sizes: dict[str, int], **given: Tensor | float | None
) -> None:
    """Run a loop on as many threads as torch uses.

    Raises:
        MemoryError: it found no room for its packed weights.
    """
    filled = arguments(function, sizes, threads=torch.get_num_threads(), **given)
    if getattr(library, function)(ctypes.byref(filled)):
        raise MemoryError(f"{function}: no memory left for {sizes}")


def token_lengths(memory: Tensor, padding: Tensor | None) -> Tensor:
    """[B] valid tokens of memory [B, N, E] with padding [B, N] at the rows' ends."""
    batch, tokens = memory.shape[:2]
    if padding is None:
        return torch.full((batch,), tokens)
    return tokens - padding.sum(dim=1)


def _address(name: str, tensor: Tensor) -> int:
    """The library can't see what it is given: a wrong tensor would be read as another."""
    wanted = _DTYPES.get(name, torch.float32)
    if tensor.dtype != wanted or tensor.device.type != "cpu" or not tensor.is_contiguous():
        raise TypeError(f"{name} must be a contiguous {wanted} tensor on the CPU")
    return tensor.data_ptr()
