"""The folder of a debug report: its text, its numbers and its pictures."""

import json
import math
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.debug_report.evidence import Evidence, ranked
from trainer.debug_report.prose import explain

N_STEPS = 200
"""Steps that a report goes back."""


def write_debug_report(directory: Path, evidence: Evidence) -> None:
    """Write the folder ``directory``, whole or not at all; one that is there is replaced.

    Always in it: ``report.md`` for people and ``report.json`` for programs. ``curves.png`` where
    steps are known, ``layers.png`` where gradients are, ``samples.png`` where outputs are.

    Raises:
        OSError: it can't be written, such as on a full disk; nothing is left behind.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".debug-") as temporary:
        folder = Path(temporary) / directory.name  # a temporary folder itself is private
        folder.mkdir()
        _write(folder, evidence)
        if directory.exists():
            shutil.rmtree(directory)
        folder.rename(directory)


def _write(folder: Path, evidence: Evidence) -> None:
    from trainer.debug_report.pictures import (  # with matplotlib, which few runs need here
        draw_curves,
        draw_layers,
        draw_samples,
    )

    steps = evidence.steps[-N_STEPS:]
    pictures = []
    if steps:
        draw_curves(folder / "curves.png", evidence, steps)
        pictures.append("curves.png")
    if evidence.layer_norms:
        draw_layers(folder / "layers.png", evidence.layer_norms)
        pictures.append("layers.png")
    if evidence.samples:
        draw_samples(folder / "samples.png", evidence.samples, evidence.batch)
        pictures.append("samples.png")
    (folder / "report.md").write_text(explain(evidence, steps, pictures), encoding="utf-8")
    numbers = json.dumps(_numbers(evidence, steps), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "report.json").write_text(numbers + "\n", encoding="utf-8")


def _numbers(evidence: Evidence, steps: Sequence[Mapping[str, float]]) -> Any:
    """Everything but the pictures, as JSON has it; non-finite floats as ``events.jsonl`` does."""
    return _jsonable(
        {
            "cause": evidence.cause,
            "step": evidence.step,
            "message": evidence.message,
            "learning_rate": evidence.learning_rate,
            "learning_rate_factor": evidence.factor,
            "restarts": evidence.restarts,
            "steps": list(steps),
            "layer_norms": dict(ranked(evidence.layer_norms or {})),
            "batch": [asdict(utterance) for utterance in evidence.batch],
            "hparams": evidence.hparams.model_dump(mode="json"),
            "versions": versions(),
        }
    )


def versions() -> dict[str, str]:
    """Of everything that the numbers depend on."""
    found = {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value
