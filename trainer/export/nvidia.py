"""A checkpoint for NVIDIA/tacotron2's own code: its four keys, its tensors, nothing else."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from trainer.checkpoint import Checkpoint
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.nvidia import read_published
from trainer.paths import atomic_path

_WITHOUT_ADDITIONS = {"use_ddc": False, "use_mmi": False, "use_gst": False}


def export_nvidia(checkpoint: Checkpoint, out: Path) -> list[str]:
    """Write ``{iteration, state_dict, optimizer, learning_rate}`` to ``out``.

    Returns:
        What NVIDIA's code must be told, or will do otherwise; a line each.

    Raises:
        BadInputError: NVIDIA's code has no model of this shape.
        OSError: ``out`` can't be written.
    """
    hparams = checkpoint.hparams
    _require_expressible(hparams)
    with torch.device("meta"):
        published = Tacotron2(hparams.model_copy(update=_WITHOUT_ADDITIONS))
    names = published.state_dict().keys()
    contents = {
        "iteration": checkpoint.iteration,
        "state_dict": {name: checkpoint.state_dict[name] for name in names},
        "optimizer": _first_parameters(checkpoint.optimizer, len(list(published.parameters()))),
        "learning_rate": checkpoint.learning_rate,
    }
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    with atomic_path(out) as temporary:
        temporary.write_bytes(buffer.getbuffer())
        if read_published(temporary).state_dict.keys() != names:
            raise RuntimeError(f"{out}: the tensors that were written are not those of the model")
    return list(_advice(checkpoint))


def _require_expressible(hparams: HParams) -> None:
    if hparams.n_frames_per_step != 1:
        raise BadInputError(
            f"n_frames_per_step={hparams.n_frames_per_step}: NVIDIA's code makes one frame a step; "
            "export this voice with --format torchscript"
        )
    if hparams.prenet_dims[0] != hparams.prenet_dims[1]:
        raise BadInputError(
            f"prenet_dims={list(hparams.prenet_dims)}: NVIDIA's code has layers of one size; "
            "export this voice with --format torchscript"
        )


def _first_parameters(optimizer: Mapping[str, Any], count: int) -> dict[str, Any]:
    """The optimiser's state without that of the additions, which come last."""
    if not optimizer:
        return {}
    group, *_ = optimizer["param_groups"]
    return {
        "state": {i: values for i, values in optimizer["state"].items() if i < count},
        "param_groups": [{**group, "params": [i for i in group["params"] if i < count]}],
    }


def _advice(checkpoint: Checkpoint) -> Iterable[str]:
    hparams, scale = checkpoint.hparams, checkpoint.scale
    if hparams.symbols not in ("nvidia", "auto"):
        yield f"NVIDIA's code must read texts with the symbol table '{hparams.symbols}'"
    if hparams.append_eos:
        yield "NVIDIA's code must end each text with the end-of-sentence symbol"
    if hparams.mel_normalisation != "none":
        yield f"multiply its mels by {scale.deviation:g} and add {scale.mean:g} for a vocoder"
    if hparams.use_gst:
        yield "its style tokens are left out: it speaks in no style"
