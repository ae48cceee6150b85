"""Checkpoints: NVIDIA/tacotron2's layout, and beside it what a resume needs."""

import os
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from trainer.data import MelScale
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, parse_hparams
from trainer.paths import RunPaths, atomic_path
from trainer.text import Language, symbol_table

VERSION = 1
# What torch.load raises on files that are cut, empty or something else altogether.
_UNREADABLE = (
    OSError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError,
    OverflowError, pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True)
class Best:
    """The best evaluation so far."""

    step: int
    value: float


@dataclass(frozen=True)
class Checkpoint:
    """All that a run is at one step."""

    iteration: int
    state_dict: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    learning_rate: float
    hparams: HParams
    language: Language
    scale: MelScale
    random_states: Mapping[str, Tensor]
    best: Best | None

    def save(self, path: Path) -> None:
        """Write to ``path``, whole or not at all."""
        contents = {
            "iteration": self.iteration,
            "state_dict": dict(self.state_dict),
            "optimizer": dict(self.optimizer),
            "learning_rate": self.learning_rate,
            "version": VERSION,
            "hparams": self.hparams.model_dump(mode="json"),
            "symbols": list(symbol_table(self.hparams.symbols).symbols),
            "language": self.language,
            "mel_scale": asdict(self.scale),
            "random_states": dict(self.random_states),
            "best": asdict(self.best) if self.best else None,
        }
        with atomic_path(path) as temporary:
            torch.save(contents, temporary)

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read ``path``; :class:`BadInputError` where it is missing, damaged or of another kind."""
        contents = _read(path, device)
        hparams = parse_hparams(contents["hparams"], HParams())
        if contents["symbols"] != list(symbol_table(hparams.symbols).symbols):
            raise BadInputError(
                f"checkpoint {path}: its symbol table '{hparams.symbols}' is not this version's; "
                "use the version of Smart Tuner that trained it"
            )
        return cls(
            iteration=contents["iteration"],
            state_dict=contents["state_dict"],
            optimizer=contents["optimizer"],
            learning_rate=contents["learning_rate"],
            hparams=hparams,
            language=contents["language"],
            scale=MelScale(**contents["mel_scale"]),
            random_states=contents["random_states"],
            best=Best(**contents["best"]) if contents["best"] else None,
        )


def keep_as_best(paths: RunPaths) -> None:
    """Keep the last checkpoint as the best one too; a link where it can be, to save space."""
    with atomic_path(paths.best_checkpoint) as temporary:
        temporary.unlink()
        try:
            os.link(paths.last_checkpoint, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(paths.last_checkpoint, temporary)


def random_states(device: torch.device) -> dict[str, Tensor]:
    """The states of torch's random generators."""
    states = {"torch": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Go on drawing where :func:`random_states` was called."""
    torch.set_rng_state(states["torch"].cpu())
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)


def _read(path: Path, device: torch.device | str) -> dict[str, Any]:
    try:
        contents = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise BadInputError(f"checkpoint {path}: no such file") from None
    except IsADirectoryError:
        raise BadInputError(
            f"checkpoint {path} can't be read: it is a directory, name a file in it"
        ) from None
    except _UNREADABLE as error:
        raise BadInputError(
            f"checkpoint {path} can't be read: it is damaged, or no checkpoint "
            f"({type(error).__name__}); name one that training wrote, such as "
            "runs/demo/0/checkpoints/best.pt"
        ) from None
    if not isinstance(contents, dict) or contents.get("version") != VERSION:
        raise BadInputError(f"checkpoint {path} was not written by this trainer (no version 1)")
    return contents
