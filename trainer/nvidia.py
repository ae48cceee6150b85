"""NVIDIA/tacotron2's checkpoints: ``{iteration, state_dict, optimizer, learning_rate}``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.torch_file import load_torch_file

_WRAPPER = "module."  # what DataParallel and DDP put before every name
_PUBLIC_RATE = 1e-3  # the public recipe's, for files that hold weights alone
# How an optimiser computes; whoever reads the file decides that anew.
_IMPLEMENTATION = {"foreach": None, "fused": None, "capturable": False, "differentiable": False}
_OF_THE_PARAMETER = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")


@dataclass(frozen=True)
class PublishedCheckpoint:
    """What a checkpoint of Tacotron 2 holds, whoever wrote it."""

    iteration: int
    state_dict: dict[str, Tensor]
    """On the CPU, in single precision, under the model's own names."""
    learning_rate: float
    optimizer: Mapping[str, Any] | None
    symbols: tuple[str, ...] | None
    """The symbol table, where the file names it: ours do, NVIDIA's don't."""


def read_published(path: Path) -> PublishedCheckpoint:
    """Read NVIDIA's layout, a bare state dict, or our own layout, which is NVIDIA's and more.

    Raises:
        BadInputError: the file is missing, damaged, or holds no state dict.
    """
    contents = load_torch_file(path)
    if not isinstance(contents, Mapping):
        raise _no_state_dict(path)
    weights = contents.get("state_dict", contents)
    if not (isinstance(weights, Mapping) and weights):
        raise _no_state_dict(path)
    if not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in weights.items()):
        raise _no_state_dict(path)
    whole = contents if "state_dict" in contents else {}
    optimizer, symbols = whole.get("optimizer"), whole.get("symbols")
    return PublishedCheckpoint(
        iteration=int(_number(whole.get("iteration"), 0)),
        state_dict={k.removeprefix(_WRAPPER): _single_precision(v) for k, v in weights.items()},
        learning_rate=float(_number(whole.get("learning_rate"), _PUBLIC_RATE)),
        optimizer=optimizer if isinstance(optimizer, Mapping) else None,
        symbols=tuple(symbols) if isinstance(symbols, list) else None,
    )


def published_hparams(state_dict: Mapping[str, Tensor], name: str = "the checkpoint") -> HParams:
    """The hparams of the public model, where ``state_dict`` fits it.

    Raises:
        BadInputError: a tensor is missing, has another shape, or is none of the model's; the line
            names the first, and calls the checkpoint ``name``.
    """
    hparams = HParams.preset("tacotron2").model_copy(update={"symbols": "nvidia"})
    expected = tensor_shapes(hparams)
    for key, shape in expected.items():
        if key not in state_dict:
            raise _not_the_public_model(name, f"it lacks {key}")
        if state_dict[key].shape != shape:
            found, wanted = list(state_dict[key].shape), list(shape)
            raise _not_the_public_model(name, f"its {key} is {found} instead of {wanted}")
    for key in state_dict:
        if key not in expected:
            raise _not_the_public_model(name, f"it has {key}")
    return hparams


def tensor_shapes(hparams: HParams) -> dict[str, torch.Size]:
    """The keys and shapes of the model's state dict; nothing is computed or drawn."""
    with torch.device("meta"):
        model = Tacotron2(hparams)
    return {key: tensor.shape for key, tensor in model.state_dict().items()}


def to_single_group(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Any]:
    """The optimiser's state as NVIDIA/tacotron2 has it, ready for a checkpoint.

    One group, its parameters numbered as in ``model.parameters()``. Weight decay is that of the
    optimiser's first group. Tensors are the optimiser's own, as in its ``state_dict``.
    """
    numbers = {id(parameter): i for i, parameter in enumerate(model.parameters())}
    options = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    options |= {name: value for name, value in _IMPLEMENTATION.items() if name in options}
    state = {numbers[id(parameter)]: dict(values) for parameter, values in optimizer.state.items()}
    return {
        "state": dict(sorted(state.items())),
        "param_groups": [{**options, "params": list(range(len(numbers)))}],
    }


def load_single_group(
    optimizer: torch.optim.Optimizer, model: nn.Module, state: Mapping[str, Any]
) -> None:
    """Restore what :func:`to_single_group` or NVIDIA's own code saved, bit for bit.

    The learning rate is the saved one; every other option stays the optimiser's own. ``state`` is
    copied, so that it can be loaded again.

    Raises:
        BadInputError: it is the state of another model's optimiser.
    """
    parameters = list(model.parameters())
    rate, moments = _read_single_group(state, parameters)
    contents = optimizer.state_dict()
    order = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    numbers = {id(parameter): i for i, parameter in enumerate(parameters)}
    saved = ((i, moments.get(numbers[id(parameter)])) for i, parameter in enumerate(order))
    contents["state"] = {i: _copied(values) for i, values in saved if values is not None}
    for group in contents["param_groups"]:
        group["lr"] = rate
    optimizer.load_state_dict(contents)


def _read_single_group(
    state: Mapping[str, Any], parameters: list[nn.Parameter]
) -> tuple[float, dict[int, Mapping[str, Any]]]:
    """Learning rate, and Adam's moments by the parameter's place in the model."""
    groups = state.get("param_groups", ())
    if len(groups) != 1 or len(groups[0]["params"]) != len(parameters):
        held = ", ".join(str(len(group["params"])) for group in groups) or "no"
        raise BadInputError(
            f"the optimizer's state is of {held} parameters, the model has {len(parameters)}: "
            "begin with the weights alone, with --warm-start"
        )
    places = {number: place for place, number in enumerate(groups[0]["params"])}
    moments = {places[number]: values for number, values in state["state"].items()}
    for place, values in moments.items():
        for name in _OF_THE_PARAMETER:
            shape = parameters[place].shape
            if name in values and values[name].shape != shape:
                raise BadInputError(
                    f"the optimizer's {name} of parameter {place} is {list(values[name].shape)}, "
                    f"the parameter is {list(shape)}: begin with the weights alone, with "
                    "--warm-start"
                )
    return float(groups[0]["lr"]), moments


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.clone() if isinstance(v, Tensor) else v for k, v in values.items()}


def _number(value: object, otherwise: float) -> float:
    return value if isinstance(value, (int, float)) else otherwise


def _single_precision(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _no_state_dict(path: Path) -> BadInputError:
    return BadInputError(
        f"checkpoint {path} holds no state dict of a model: it is none of Tacotron 2"
    )


def _not_the_public_model(name: str, reason: str) -> BadInputError:
    return BadInputError(
        f"{name} is not the public Tacotron 2: {reason}; a model that differs can still begin with "
        "its weights: --warm-start, with --ignore-layers for what does not fit"
    )
