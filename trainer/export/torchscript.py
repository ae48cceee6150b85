"""A checkpoint as one TorchScript file that speaks without this package."""

import copy
import io
import json
import warnings
from pathlib import Path
from typing import Any

import torch

from trainer.checkpoint import Checkpoint
from trainer.export.check import require_same
from trainer.export.program import SpeakingProgram
from trainer.model import Tacotron2
from trainer.paths import atomic_path
from trainer.text import symbol_table

METADATA = "metadata.json"
"""The extra file in the archive; :func:`metadata` says what is in it."""
VERSION = 1


def export_torchscript(checkpoint: Checkpoint, out: Path) -> None:
    """Write the program to ``out``, once it has been loaded again and found to be the same.

    Raises:
        ExportMismatchError: It says something else than the model; nothing is written.
        OSError: ``out`` can't be written.
    """
    model = Tacotron2(checkpoint.hparams)
    model.load_state_dict(checkpoint.state_dict)
    model.eval()
    program = SpeakingProgram(copy.deepcopy(model), checkpoint.scale).eval().requires_grad_(False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # see trainer.export.program
        scripted = torch.jit.script(program)
        buffer = io.BytesIO()
        contents = json.dumps(metadata(checkpoint), ensure_ascii=False)
        torch.jit.save(scripted, buffer, _extra_files={METADATA: contents})
        with atomic_path(out) as temporary:
            temporary.write_bytes(buffer.getbuffer())
            require_same(temporary, model, checkpoint.scale, checkpoint.language)


def metadata(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a user of the program needs to encode a text and to make sound of the mels."""
    table = symbol_table(checkpoint.hparams.symbols)
    return {
        "version": VERSION,
        "iteration": checkpoint.iteration,
        "language": checkpoint.language,
        "symbols": list(table.symbols),
        "eos_id": table.eos_id if checkpoint.hparams.append_eos else None,
        "hparams": checkpoint.hparams.model_dump(mode="json"),
        "torch": torch.__version__,
    }
