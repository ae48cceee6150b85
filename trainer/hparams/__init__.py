"""Hyperparameters: typed, frozen, named as NVIDIA/tacotron2 names them where it has a name."""

from trainer.hparams.hparams import HParams
from trainer.hparams.parsing import parse_assignments, parse_hparams, read_hparams_file
from trainer.hparams.presets import PRESETS, PresetName
from trainer.hparams.writing import write_hparams

__all__ = [
    "PRESETS",
    "HParams",
    "PresetName",
    "parse_assignments",
    "parse_hparams",
    "read_hparams_file",
    "write_hparams",
]
