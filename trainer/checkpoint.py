"""Checkpoints: NVIDIA/tacotron2's layout, and beside it what a resume to the bit needs."""

import io
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from trainer.data import MelScale
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, parse_hparams
from trainer.nvidia import published_hparams, read_published
from trainer.paths import atomic_path
from trainer.text import Language, symbol_table
from trainer.torch_file import load_torch_file

VERSION = 2


@dataclass(frozen=True)
class Best:
    """The best evaluation so far."""

    step: int
    value: float


@dataclass(frozen=True)
class Continuation:
    """What a resume needs beside weights and optimiser."""

    random_states: Sequence[Mapping[str, Any]]
    """One an element a rank (:func:`trainer.random_states.random_states`)."""
    scaler: Mapping[str, Any]
    stability: Mapping[str, Any]
    gaf: float
    recent: Sequence[Mapping[str, float]]
    """The last steps' numbers, for the debug report."""
    data: str
    """Fingerprint of the training set: the order of batches follows from it."""
    best: Best | None


@dataclass(frozen=True)
class Checkpoint:
    """All that a run is at one step."""

    iteration: int
    state_dict: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    """As NVIDIA/tacotron2 has it: one group, in the order of ``model.parameters()``."""
    learning_rate: float
    hparams: HParams
    language: Language
    scale: MelScale
    continuation: Continuation | None
    """None in a checkpoint of another program: it speaks, but can't be resumed."""

    @property
    def best(self) -> Best | None:
        """The best evaluation so far."""
        return self.continuation.best if self.continuation else None

    def save(self, path: Path) -> None:
        """Write to ``path``, whole or not at all; ``OSError`` where that can't be done."""
        data = self.encoded()
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def encoded(self) -> memoryview:
        """What the file holds."""
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
            "continuation": asdict(self.continuation) if self.continuation else None,
        }
        # Through memory: torch's own writer turns a full disk into a RuntimeError.
        buffer = io.BytesIO()
        torch.save(contents, buffer)
        return buffer.getbuffer()

    @classmethod
    def load(cls, path: Path, device: torch.device | str = "cpu") -> Self:
        """Read ``path``, ours or NVIDIA/tacotron2's.

        Raises:
            BadInputError: it is missing, damaged, or of another kind.
        """
        contents = load_torch_file(path, device)
        if not isinstance(contents, dict):
            raise BadInputError(f"checkpoint {path} was not written by a trainer of Tacotron 2")
        if "version" not in contents:
            return cls._published(path, device)
        if contents["version"] != VERSION:
            raise BadInputError(
                f"checkpoint {path} is of version {contents['version']}, this trainer reads "
                f"{VERSION}: use the version of Smart Tuner that wrote it"
            )
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
            continuation=_continuation(contents["continuation"]),
        )

    @classmethod
    def _published(cls, path: Path, device: torch.device | str) -> Self:
        published = read_published(path)
        return cls(
            iteration=published.iteration,
            state_dict={name: t.to(device) for name, t in published.state_dict.items()},
            optimizer=published.optimizer or {},
            learning_rate=published.learning_rate,
            hparams=published_hparams(published.state_dict, f"checkpoint {path}"),
            language="en",
            scale=MelScale(),
            continuation=None,
        )


def keep_as(path: Path, kept: Path) -> None:
    """Keep the file ``path`` as ``kept`` too; a link where it can be, to save space."""
    with atomic_path(kept) as temporary:
        temporary.unlink()
        try:
            os.link(path, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(path, temporary)


def _continuation(contents: dict[str, Any] | None) -> Continuation | None:
    if contents is None:
        return None
    best = contents.pop("best")
    return Continuation(**contents, best=Best(**best) if best else None)
