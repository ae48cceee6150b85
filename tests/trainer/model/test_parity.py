"""Our model against the published one (``published.py``): same weights, same numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model import Tacotron2, TacotronOutputs

Make = Callable[..., Any]
OUTPUTS = ("mel_outputs", "mel_outputs_postnet", "gate_outputs", "alignments")
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-9}
GRADIENT_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}
LENGTHS = ([12, 5, 9], [13, 20, 7])  # tokens and frames: neither the longest first


def gradients(model: nn.Module, batch: Any) -> tuple[Any, dict[str, Tensor]]:
    outputs = batch.forward(model)
    names, parameters = zip(*model.named_parameters(), strict=True)
    found = torch.autograd.grad(batch.loss(outputs), parameters)
    return outputs, dict(zip(names, found, strict=True))


def assert_same_outputs(ours: Any, theirs: Any, tolerance: float) -> None:
    """No value is further off than ``tolerance`` of the largest; padding is exactly the same."""
    for name in OUTPUTS:
        one, other = getattr(ours, name), getattr(theirs, name)
        assert one.shape == other.shape, name
        inside = other.abs() < 1e3
        assert torch.equal(one[~inside], other[~inside]), name
        largest = other[inside].abs().max().clamp(min=1.0)
        assert (one - other).abs().max() <= tolerance * largest, name


def distances(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> dict[str, float]:
    """How far apart each tensor's gradients are, as a share of its norm."""
    assert list(ours) == list(theirs)
    return {
        name: float((ours[name] - theirs[name]).norm() / theirs[name].norm().clamp(min=1e-12))
        for name in theirs
    }


def assert_same_gradients(
    ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], tolerance: float, training: bool
) -> None:
    """In training BatchNorm takes off a bias right before it: its gradient is 0, up to rounding."""
    for name, distance in distances(ours, theirs).items():
        if not (training and name.endswith(".0.conv.bias")):
            assert distance < tolerance, name
        else:
            assert ours[name].norm() < 1e-4


def assert_parity(pair: Any, batch: Any, dtype: torch.dtype, training: bool) -> None:
    (ours, our_gradients), (theirs, their_gradients) = (gradients(m, batch) for m in pair.each())
    assert_same_outputs(ours, theirs, TOLERANCE[dtype])
    assert_same_gradients(our_gradients, their_gradients, GRADIENT_TOLERANCE[dtype], training)
    for name, buffer in pair.oracle.named_buffers():  # what BatchNorm remembers of the batch
        ours_too = pair.ours.get_buffer(name)
        torch.testing.assert_close(ours_too, buffer, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["fp32", "fp64"])
def test_full_size(
    pair: Make, example: Make, backend: str, dtype: torch.dtype, training: bool
) -> None:
    dropouts = {n: 0.0 for n in HParams.model_fields if n.endswith("dropout")}
    hparams = HParams(symbols="nvidia", decoder_backend=backend, **dropouts)
    both = pair(hparams, dtype, training)
    assert sum(p.numel() for p in both.oracle.parameters()) == 28_193_153
    assert_parity(both, example([11, 8], [12, 17], dtype=dtype), dtype, training)


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["fp32", "fp64"])
@pytest.mark.parametrize("r", [1, 2, 3])
def test_outputs_and_gradients(
    small: Make,
    pair: Make,
    example: Make,
    backend: str,
    r: int,
    dtype: torch.dtype,
    training: bool,
) -> None:
    hparams = small(n_frames_per_step=r, decoder_backend=backend)
    both = pair(hparams, dtype, training)
    assert_parity(both, example(*LENGTHS, r=r, dtype=dtype), dtype, training)


@pytest.mark.parametrize(
    ("tokens", "frames"),
    [([1, 1], [1, 2]), ([30, 2], [3, 40]), ([6], [11]), ([4, 4, 4, 4], [9, 9, 9, 9])],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["fp32", "fp64"])
def test_odd_batches(
    small: Make,
    pair: Make,
    example: Make,
    backend: str,
    dtype: torch.dtype,
    tokens: list[int],
    frames: list[int],
) -> None:
    # BatchNorm over two numbers says no more than which is larger: nothing to compare to 1e-5.
    tiny = dtype == torch.float32 and sum(frames) < 4
    for training in (False,) if tiny else (True, False):
        both = pair(small(decoder_backend=backend), dtype, training)
        assert_parity(both, example(tokens, frames, dtype=dtype), dtype, training)


def test_the_attention_that_is_compared_is_not_uniform(
    small: Make, pair: Make, example: Make
) -> None:
    both = pair(small(), torch.float64, False)
    batch = example(*LENGTHS, dtype=torch.float64)
    alignments = batch.forward(both.ours).alignments
    assert alignments.max() > 3 / 12
    assert (alignments[1, :, 5:] == 0).all()


def test_the_lengths_of_a_batch_matter(small: Make, pair: Make, example: Make) -> None:
    """The comparison would notice a model that overlooks padding."""
    both = pair(small(), torch.float64, False)
    batch = example(*LENGTHS, dtype=torch.float64)
    whole = both.oracle(batch.text, torch.tensor([12, 12, 12]), batch.mels, torch.tensor([20] * 3))
    ours = batch.forward(both.ours)
    for name in OUTPUTS:
        assert (getattr(whole, name)[2] - getattr(ours, name)[2]).abs().max() > 1e-3, name


def further_padded(batch: Any) -> Any:
    """The same batch, filled up to a longer text and a longer mel, with what is no padding."""
    text = F.pad(batch.text, (0, 4), value=9)
    mels, gates = F.pad(batch.mels, (0, 6), value=3.0), F.pad(batch.gates, (0, 6), value=1.0)
    return replace(batch, text=text, mels=mels, gates=gates)


def test_masked_training_does_not_depend_on_padding(small: Make, pair: Make, example: Make) -> None:
    """What ``padding: masked`` is for; the published network differs."""
    batch = example(*LENGTHS, dtype=torch.float64)
    for padding, independent in (("masked", True), ("published", False)):
        model = pair(small(padding=padding), torch.float64, True).ours
        state = {key: value.clone() for key, value in model.state_dict().items()}
        found = []
        for padded in (batch, further_padded(batch)):
            model.load_state_dict(state)
            loss = padded.forward(model).mel_outputs_postnet.square().sum()
            weights = [model.embedding.weight, *model.postnet.parameters()]
            found.append(torch.autograd.grad(loss, weights))
        same = all(torch.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(*found, strict=True))
        assert same == independent, padding


# --- dropout ------------------------------------------------------------------------------------


class Recorder:
    """Stands in for ``F.dropout``: drops as it does, and remembers what it multiplied by."""

    def __init__(self) -> None:
        self.masks: list[Tensor] = []
        self._dropout = F.dropout

    def __call__(
        self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training or not p:
            return x
        self.masks.append(self._dropout(torch.ones_like(x), p))
        return x * self.masks[-1]


def replay(masks: list[Tensor], hparams: HParams) -> Callable[[str, Tensor, float], Tensor]:
    """Drops what our model dropped, in its order: whole sequences here are single steps there."""
    remaining = iter(masks)
    sites: dict[str, Iterator[Tensor]] = {
        f"encoder.{i}": iter([next(remaining)]) for i in range(hparams.encoder_n_convolutions)
    }
    sites |= {f"prenet.{i}": iter(next(remaining).unbind(0)) for i in range(2)}
    sites |= {name: iter(next(remaining).unbind(0)) for name in ("attention", "decoder")}
    sites |= {f"postnet.{i}": iter([mask]) for i, mask in enumerate(remaining)}

    def drop(site: str, x: Tensor, p: float) -> Tensor:
        mask = next(sites[site])
        kept = mask[mask > 0]
        torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - p)))  # its own rate
        return x * mask

    return drop


@pytest.mark.parametrize("r", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["fp32", "fp64"])
def test_the_same_dropout_gives_the_same_numbers(
    small: Make,
    pair: Make,
    example: Make,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    dtype: torch.dtype,
    r: int,
) -> None:
    rates = {
        "encoder_dropout": 0.5, "prenet_dropout": 0.4, "p_attention_dropout": 0.1,
        "p_decoder_dropout": 0.2, "postnet_dropout": 0.3,
    }  # fmt: skip
    hparams = small(n_frames_per_step=r, decoder_backend=backend, **rates)
    both = pair(hparams, dtype, True)
    batch = example(*LENGTHS, r=r, dtype=dtype)
    recorder = Recorder()
    with monkeypatch.context() as patched:
        patched.setattr(torch.nn.functional, "dropout", recorder)
        ours, our_gradients = gradients(both.ours, batch)
    both.oracle.drop = replay(recorder.masks, hparams)
    theirs, their_gradients = gradients(both.oracle, batch)
    assert_same_outputs(ours, theirs, TOLERANCE[dtype])
    assert_same_gradients(our_gradients, their_gradients, GRADIENT_TOLERANCE[dtype], training=True)


# --- what the public code does besides ----------------------------------------------------------


class MaskedInPlace(Tacotron2):
    """Blanks the padding of its outputs behind autograd's back, as the public code does."""

    def forward(self, *batch: Tensor) -> TacotronOutputs:
        text, text_lengths, mels, mel_lengths = batch
        memory, padding = self._encode(text, text_lengths)
        decoded = self.decoder(memory, mels, padding)
        postnet = decoded.mel_outputs + self.postnet(decoded.mel_outputs, None)
        beyond = torch.arange(mels.shape[2]) >= mel_lengths[:, None]
        decoded.mel_outputs.data.masked_fill_(beyond[:, None], 0.0)
        postnet.data.masked_fill_(beyond[:, None], 0.0)
        decoded.gate_outputs.data.masked_fill_(beyond, 1e3)
        return TacotronOutputs(
            decoded.mel_outputs, postnet, decoded.gate_outputs, decoded.alignments
        )


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_masking_in_place_falsifies_one_gradient_alone(
    small: Make, example: Make, training: bool
) -> None:
    """The first postnet convolution's, whose input is blanked before its backward pass."""
    hparams = small()
    ours, in_place = Tacotron2(hparams).double(), MaskedInPlace(hparams).double()
    in_place.load_state_dict(ours.state_dict())
    batch = example(*LENGTHS, dtype=torch.float64)
    found = [gradients(model.train(training), batch) for model in (ours, in_place)]
    assert_same_outputs(found[0][0], found[1][0], 0.0)
    far = {name for name, d in distances(found[1][1], found[0][1]).items() if d > 1e-9}
    assert far == {"postnet.convolutions.0.0.conv.weight"}
