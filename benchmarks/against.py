"""A checkout of NVIDIA/tacotron2 that the user has, measured beside ours.

Its ``hparams.py`` needs TensorFlow 1 and is not loaded: the published values are given here. Its
``get_mask_from_lengths`` makes its mask on a GPU in all cases, and is replaced by one that works on
any device.
"""

import contextlib
import importlib
import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.oracle import published_sizes
from benchmarks.published_loop import PublishedLoop
from benchmarks.workloads import TrainingBatch, Workload
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.text import symbol_table

REPLACED = "get_mask_from_lengths of the checkout was replaced by one that works on any device"
_AGREEMENT = 1e-3
_OUTPUTS = ("mel_outputs", "mel_outputs_postnet", "gate_outputs", "alignments")


class Checkout:
    """``model.py`` and ``loss_function.py`` of a folder."""

    def __init__(self, folder: Path) -> None:
        """Import them.

        Raises:
            BadInputError: the folder or its ``model.py`` is missing, or what it needs is.
        """
        if not (folder / "model.py").is_file():
            raise BadInputError(
                f"--against {folder}: no model.py there; give the folder of a checkout of "
                "NVIDIA/tacotron2"
            )
        self._folder = folder.resolve()
        with _first_on_path(self._folder):
            self._model = self._module("model")
            self._criterion = self._module("loss_function").Tacotron2Loss()
        setattr(self._model, "get_mask_from_lengths", _valid)  # noqa: B010 - a module

    def _module(self, name: str) -> ModuleType:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise BadInputError(
                f"--against {self._folder}: its {name}.py needs '{error.name}', which is not "
                f"installed; install it (pip install {error.name}) or leave --against out"
            ) from error
        except (ImportError, SyntaxError) as error:  # older commits are older Python, too
            raise self._unusable(f"its {name}.py can't be imported ({error})") from error

    def _unusable(self, why: str) -> BadInputError:
        return BadInputError(
            f"--against {self._folder}: {why}; give an unchanged checkout of NVIDIA/tacotron2"
        )

    def build(self, hparams: HParams, weights: dict[str, Tensor]) -> nn.Module:
        """Its model of the published size, with ``weights``.

        Raises:
            BadInputError: it is another model.
        """
        try:
            model: nn.Module = self._model.Tacotron2(_public_hparams(hparams))
            model.load_state_dict(weights)
        except (AttributeError, RuntimeError) as error:  # an hparam or a tensor of its own
            why = " ".join(str(error).split())
            raise self._unusable(f"its model is not the published one ({why})") from error
        return model

    def forward(self, model: nn.Module, batch: TrainingBatch) -> Any:
        """Teacher forcing; the outputs under our names."""
        inputs = (
            batch.text, batch.text_lengths, batch.mels, int(batch.text_lengths.max()),
            batch.mel_lengths,
        )  # fmt: skip
        return SimpleNamespace(**dict(zip(_OUTPUTS, model(inputs), strict=True)))

    def loss(self, outputs: Any, batch: TrainingBatch) -> Tensor:
        """Its own loss."""
        theirs = [getattr(outputs, name) for name in _OUTPUTS]
        return torch.as_tensor(self._criterion(theirs, (batch.mels, batch.gates)))

    @torch.no_grad()
    def infer(self, model: Any, text: Tensor, steps: int) -> Tensor:
        """Free running of one text [1, N] for ``steps`` steps: mel [1, n_mels, T]."""
        model.decoder.max_decoder_steps = steps
        with contextlib.redirect_stdout(io.StringIO()):  # it warns that it came to the cap
            return torch.as_tensor(model.inference(text)[1])

    def require_agreement(self, workload: Workload, weights: dict[str, Tensor]) -> None:
        """See that it computes what the published loop does, dropout aside.

        Raises:
            BadInputError: it doesn't: the comparison would mean nothing.
        """
        batch = replace(workload, size=2, n_frames=24, n_tokens=8).batch(torch.device("cpu"))
        loop = PublishedLoop(published_sizes(workload.hparams))
        loop.load_state_dict(weights)
        theirs = self.build(workload.hparams, weights).eval()
        with torch.no_grad(), mock.patch.object(F, "dropout", _kept):
            expected = loop.eval()(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
            found = self.forward(theirs, batch)
        for name in _OUTPUTS:
            one, other = getattr(found, name), getattr(expected, name)
            if one.shape != other.shape or not torch.allclose(one, other, atol=_AGREEMENT):
                raise self._unusable(
                    f"with the same weights its {name} differ from the published model's"
                )


@contextlib.contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Import from ``folder``; its modules have common names, and are forgotten afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]


def _valid(lengths: Tensor) -> Tensor:
    """[B] -> [B, longest], True on what is not padding."""
    return torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]


def _kept(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Stands in for ``F.dropout``."""
    return x


def _public_hparams(hparams: HParams) -> SimpleNamespace:
    """``hparams`` under the names that its code reads."""
    names = (
        "symbols_embedding_dim", "encoder_kernel_size", "encoder_n_convolutions",
        "encoder_embedding_dim", "n_frames_per_step", "decoder_rnn_dim", "max_decoder_steps",
        "gate_threshold", "p_attention_dropout", "p_decoder_dropout", "attention_rnn_dim",
        "attention_dim", "attention_location_n_filters", "attention_location_kernel_size",
        "postnet_embedding_dim", "postnet_kernel_size", "postnet_n_convolutions",
        "n_mel_channels",
    )  # fmt: skip
    return SimpleNamespace(
        **{name: getattr(hparams, name) for name in names},
        n_symbols=len(symbol_table(hparams.symbols)),
        prenet_dim=hparams.prenet_dims[0],
        mask_padding=True,
        fp16_run=False,
        distributed_run=False,
    )
