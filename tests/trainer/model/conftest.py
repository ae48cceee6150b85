"""Batches of random numbers, and models that are ready to compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.model.recurrence import BackendUnavailableError, describe_backend


@dataclass(frozen=True)
class Inputs:
    """What a teacher-forced forward takes."""

    text: Tensor
    text_lengths: Tensor
    mels: Tensor
    mel_lengths: Tensor

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.text, self.text_lengths, self.mels, self.mel_lengths))


@pytest.fixture
def inputs() -> Callable[..., Inputs]:
    """Makes a batch of utterances with the given numbers of tokens and frames."""

    def make(tokens: list[int], frames: list[int], n_mels: int = 80, seed: int = 0) -> Inputs:
        generator = torch.Generator().manual_seed(seed)
        text = torch.randint(1, 30, (len(tokens), max(tokens)), generator=generator)
        mels = torch.randn(len(frames), n_mels, max(frames), generator=generator)
        return Inputs(text, torch.tensor(tokens), mels, torch.tensor(frames))

    return make


@pytest.fixture
def settled() -> Callable[[HParams, Inputs], Tacotron2]:
    """Makes a model in evaluation mode whose BatchNorm statistics have seen a few batches."""

    def make(hparams: HParams, inputs: Inputs) -> Tacotron2:
        model = Tacotron2(hparams)
        with torch.no_grad():
            for _ in range(3):
                model(*inputs)
        return model.eval()

    return make


# Sizes that no two things share, so that a transposed product can't go unseen.
SMALL: dict[str, Any] = {
    "symbols": "nvidia", "append_eos": False, "padding": "published", "mel_normalisation": "none",
    "symbols_embedding_dim": 14, "encoder_embedding_dim": 18, "encoder_n_convolutions": 3,
    "attention_rnn_dim": 20, "attention_dim": 9, "attention_location_n_filters": 4,
    "attention_location_kernel_size": 7, "decoder_rnn_dim": 22, "prenet_dims": (16, 10),
    "postnet_embedding_dim": 12, "postnet_n_convolutions": 5, "n_frames_per_step": 1,
}  # fmt: skip


@pytest.fixture
def small(tiny: Callable[..., HParams]) -> Callable[..., HParams]:
    """Makes hparams of the published model at these sizes, without dropout, with changes."""
    off = {name: 0.0 for name in HParams.model_fields if name.endswith("dropout")}
    return lambda **changes: tiny(**{**off, **SMALL, **changes})


@pytest.fixture(params=["torch", "native"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend of the recurrences; the C++ one is for fp32, PyTorch stands in for fp64."""
    try:
        describe_backend(request.param, torch.device("cpu"))
    except BackendUnavailableError as error:
        pytest.skip(f"decoder_backend={request.param}: {error}")
    return str(request.param)


@dataclass(frozen=True)
class Pair:
    """Our model and the published one, with the same weights."""

    ours: Tacotron2
    oracle: nn.Module

    def each(self) -> tuple[nn.Module, nn.Module]:
        return self.ours, self.oracle


@pytest.fixture
def pair(published: Any) -> Callable[..., Pair]:
    """Makes both models for some hparams, in a precision and a mode."""

    def make(hparams: HParams, dtype: torch.dtype, training: bool) -> Pair:
        names = {field.name for field in fields(published.Sizes)} - {"n_symbols"}
        sizes = published.Sizes(**{name: getattr(hparams, name) for name in names})
        ours = Tacotron2(hparams)
        make_telling(ours)
        oracle = published.PublishedTacotron2(sizes)
        oracle.load_state_dict(ours.state_dict(), strict=True)
        models = (model.to(dtype).train(training) for model in (ours, oracle))
        return Pair(*models)

    return make


def make_telling(model: nn.Module) -> None:
    """Make an untrained model say more: what it computes should vary as a trained one's does.

    Its attention is sharpened, and its mels vary as mels do: else BatchNorm would divide what is
    almost the same frame all along, rounding errors included, by next to nothing. BatchNorm gets
    numbers that aren't 0 and 1.
    """
    with torch.no_grad():
        model.decoder.attention_layer.v.linear_layer.weight.mul_(4.0)
        model.decoder.linear_projection.linear_layer.weight.mul_(3.0)
        model.decoder.attention_rnn.weight_ih.mul_(4.0)
        model.decoder.decoder_rnn.weight_ih.mul_(4.0)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                for name, tensor in module.state_dict(keep_vars=True).items():
                    if tensor.is_floating_point():
                        low = 0.5 if name in ("weight", "running_var") else -0.5
                        tensor.uniform_(low, low + 1.0)


@dataclass(frozen=True)
class Example:
    """A padded batch as the public data loader makes it: mels end in 0, gates in 1."""

    text: Tensor
    text_lengths: Tensor
    mels: Tensor
    mel_lengths: Tensor
    gates: Tensor

    def forward(self, model: nn.Module) -> Any:
        return model(self.text, self.text_lengths, self.mels, self.mel_lengths)

    def loss(self, outputs: Any) -> Tensor:
        """The published loss: means over everything, padding included."""
        mel = F.mse_loss(outputs.mel_outputs, self.mels)
        postnet = F.mse_loss(outputs.mel_outputs_postnet, self.mels)
        gate = F.binary_cross_entropy_with_logits(outputs.gate_outputs, self.gates)
        return mel + postnet + gate


@pytest.fixture
def example() -> Callable[..., Example]:
    """Makes such a batch; neither the longest text nor the longest mel need come first."""

    def make(
        tokens: list[int], frames: list[int], r: int = 1, dtype: torch.dtype = torch.float32
    ) -> Example:
        generator = torch.Generator().manual_seed(7)
        text = torch.randint(1, 148, (len(tokens), max(tokens)), generator=generator)
        longest = -(-max(frames) // r) * r  # the public loader fills up the last step
        mels = torch.randn(len(frames), 80, longest, generator=generator, dtype=dtype)
        mel_lengths = torch.tensor(frames)
        mels.masked_fill_((torch.arange(longest) >= mel_lengths[:, None])[:, None], 0.0)
        gates = torch.arange(0, longest, r) >= mel_lengths[:, None] - r
        text_lengths = torch.tensor(tokens)
        text.masked_fill_(torch.arange(max(tokens)) >= text_lengths[:, None], 0)
        return Example(text, text_lengths, mels, mel_lengths, gates.to(dtype))

    return make
