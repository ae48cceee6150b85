"""A HiFi-GAN generator from its published files, as a vocoder."""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.torch_file import is_program
from trainer.vocoder.hifigan import HifiGanGenerator
from trainer.vocoder.hifigan_config import read_config, require_same_mels
from trainer.vocoder.vocoder import Samples
from trainer.vocoder.weight_norm import fuse_weight_norm

_UNREADABLE = (
    RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, OverflowError,
    pickle.UnpicklingError,
)  # fmt: skip
_GENERATOR = re.compile(r"g_(\d+)|generator.*|.*\.(?:pt|pth|ckpt|bin)")
_CONFIG = "config.json"


class HifiGan:
    """HiFi-GAN on one device."""

    name = "hifigan"

    def __init__(self, generator: HifiGanGenerator, device: torch.device) -> None:
        self._generator = generator.to(device).eval()
        self._device = device

    @torch.no_grad()
    def __call__(self, mel: Tensor) -> Samples:
        """[n_mels, T] natural log-mels -> ``T * hop_size`` samples in [-1, 1]."""
        wav = self._generator(mel.float().to(self._device)[None])[0, 0]
        return np.asarray(wav.cpu(), dtype=np.float32)


def config_path(path: Path) -> Path:
    """The configuration of the generator ``path``, or of that in the folder ``path``."""
    return (path if path.is_dir() else path.parent) / _CONFIG


def load_hifigan(path: Path, hparams: HParams, device: torch.device) -> HifiGan:
    """Load the generator ``path``, or that of the folder ``path``.

    The file holds the generator's state dict, bare or under ``generator``, with weight norm of
    either of torch's kinds or without; ``config.json`` lies beside it.

    Raises:
        BadInputError: Something is missing, damaged or of another shape, or the generator was
            trained on other mels than ``hparams`` describe.
    """
    file = _newest_generator(path) if path.is_dir() else path
    weights = fuse_weight_norm(_state_dict(file))
    described = config_path(file)
    config = read_config(described)
    require_same_mels(config, hparams, described)
    generator = HifiGanGenerator(config)
    try:
        generator.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise BadInputError(
            f"vocoder: {file} does not have the shape that {described} describes ({reason} ...)"
        ) from None
    return HifiGan(generator, device)


def _newest_generator(folder: Path) -> Path:
    """``g_02500000`` or the like: the only generator in ``folder``, or that of the last step."""
    found = sorted(p for p in folder.iterdir() if p.is_file() and _GENERATOR.fullmatch(p.name))
    numbered = [p for p in found if re.fullmatch(r"g_\d+", p.name)]
    if numbered:
        return max(numbered, key=lambda p: int(p.name[2:]))
    if len(found) != 1:
        names = ", ".join(p.name for p in found) or "none"
        raise BadInputError(
            f"vocoder: {folder} must hold one generator, such as g_02500000 ({names} found); name "
            "the file itself"
        )
    return found[0]


def _state_dict(path: Path) -> Mapping[str, Tensor]:
    try:
        if is_program(path):
            raise BadInputError(
                f"vocoder: {path} is an exported program; name the checkpoint of a generator"
            )
        contents: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise BadInputError(f"vocoder: {path}: {error.strerror}") from None
    except _UNREADABLE as error:
        raise BadInputError(
            f"vocoder: {path} can't be read: it is damaged, or no checkpoint "
            f"({type(error).__name__})"
        ) from None
    weights = contents.get("generator", contents) if isinstance(contents, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(w, Tensor) for w in weights.values()):
        raise BadInputError(
            f"vocoder: {path} is no HiFi-GAN generator: it holds neither 'generator' nor a state "
            "dict"
        )
    return {key.removeprefix("module."): weight.float() for key, weight in weights.items()}
