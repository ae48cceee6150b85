"""Hyperparameters as a file."""

from pathlib import Path

import yaml

from trainer.hparams.hparams import HParams
from trainer.paths import write_text


def write_hparams(path: Path, hparams: HParams) -> None:
    """Write all of ``hparams`` to ``path`` (YAML), whole or not at all."""
    write_text(path, yaml.safe_dump(hparams.model_dump(mode="json"), sort_keys=False))
