"""The decoder against plain, step-by-step computations of the same thing."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.hparams import HParams
from trainer.model.attention import Attention
from trainer.model.decoder import Decoder
from trainer.model.outputs import DecoderOutputs

Make = Callable[..., Any]


def agree(a: DecoderOutputs, b: DecoderOutputs) -> None:
    for name in ("mel_outputs", "gate_outputs", "alignments"):
        torch.testing.assert_close(getattr(a, name), getattr(b, name), rtol=1e-5, atol=1e-5)


def published_step_by_step(
    decoder: Decoder, memory: Tensor, mels: Tensor, padding: Tensor | None = None
) -> DecoderOutputs:
    """Teacher forcing as the published model writes it: one cell at a time, no dropout."""
    h, batch = decoder.hparams, len(memory)
    attention, location = decoder.attention_layer, decoder.attention_layer.location_layer
    attended = cell = memory.new_zeros(batch, h.attention_rnn_dim)
    decoded = decoder_cell = memory.new_zeros(batch, h.decoder_rnn_dim)
    context = memory.new_zeros(batch, memory.shape[2])
    weights = cumulative = memory.new_zeros(batch, memory.shape[1])
    frame = memory.new_zeros(batch, h.n_mel_channels)
    outputs: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
    for step in range(mels.shape[2] // h.n_frames_per_step):
        attended, cell = decoder.attention_rnn(
            torch.cat((decoder.prenet(frame), context), dim=1), (attended, cell)
        )
        past = location.location_conv(torch.stack((weights, cumulative), dim=1)).transpose(1, 2)
        energies = attention.v(
            torch.tanh(
                attention.query_layer(attended.unsqueeze(1))
                + attention.memory_layer(memory)
                + location.location_dense(past)
            )
        ).squeeze(2)
        if padding is not None:
            energies = energies.masked_fill(padding, -torch.inf)
        weights = energies.softmax(dim=1)
        cumulative = cumulative + weights
        context = (weights.unsqueeze(2) * memory).sum(dim=1)
        decoded, decoder_cell = decoder.decoder_rnn(
            torch.cat((attended, context), dim=1), (decoded, decoder_cell)
        )
        features = torch.cat((decoded, context), dim=1)
        flat = decoder.linear_projection(features)  # frame by frame, the bins of each together
        outputs[0].append(flat.view(batch, h.n_frames_per_step, h.n_mel_channels).transpose(1, 2))
        outputs[1].append(decoder.gate_layer(features))
        outputs[2].append(weights)
        frame = mels[:, :, (step + 1) * h.n_frames_per_step - 1]
    return DecoderOutputs(
        torch.cat(outputs[0], dim=2), torch.cat(outputs[1], dim=1), torch.stack(outputs[2], dim=1)
    )


@pytest.fixture
def problem(undropped: Make) -> Make:
    """Makes a decoder, a memory and mels for a reduction factor."""

    def make(r: int, **changes: float) -> tuple[Decoder, Tensor, Tensor]:
        hparams: HParams = undropped(n_frames_per_step=r, **changes)
        memory = torch.randn(3, 11, hparams.encoder_embedding_dim)
        return Decoder(hparams), memory, torch.randn(3, 80, 14 * r)

    return make


@pytest.mark.parametrize("r", [1, 2, 3, 5])
def test_it_computes_what_the_published_decoder_computes(problem: Make, r: int) -> None:
    decoder, memory, mels = problem(r)
    agree(decoder(memory, mels, None), published_step_by_step(decoder, memory, mels))


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("r", [1, 3])
def test_it_learns_what_the_published_decoder_learns(problem: Make, r: int, padded: bool) -> None:
    decoder, memory, mels = problem(r)
    decoder, memory, mels = decoder.double(), memory.double().requires_grad_(), mels.double()
    padding = torch.arange(11)[None] >= torch.tensor([11, 6, 9])[:, None] if padded else None
    gradients = []
    for outputs in (
        decoder(memory, mels, padding), published_step_by_step(decoder, memory, mels, padding)
    ):  # fmt: skip
        loss = outputs.mel_outputs.square().mean() + outputs.gate_outputs.square().mean()
        loss = loss + (outputs.alignments * torch.linspace(0, 1, 11).double()).sum()
        gradients.append(torch.autograd.grad(loss, [memory, *decoder.parameters()]))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-12)


def test_dropout_acts_on_the_hidden_state_that_is_fed_back(problem: Make) -> None:
    """With all of it dropped, the decoder LSTM's output is 0 and the context alone speaks."""
    decoder, memory, mels = problem(1, p_decoder_dropout=0.999999)
    outputs = decoder.train()(memory, mels, None)
    weight = decoder.linear_projection.linear_layer.weight[:, decoder.hparams.decoder_rnn_dim :]
    contexts = torch.bmm(outputs.alignments, memory)
    expected = contexts @ weight.t() + decoder.linear_projection.linear_layer.bias
    torch.testing.assert_close(outputs.mel_outputs.transpose(1, 2), expected)


def test_the_frames_before_are_all_that_is_heard(problem: Make) -> None:
    """What comes at a step can't depend on that step's own frames: the teacher is delayed."""
    decoder, memory, mels = problem(2)
    before = decoder(memory, mels, None)
    changed = mels.clone()
    changed[:, :, 10:] += 5.0  # from step 5 on
    after = decoder(memory, changed, None)
    assert torch.equal(before.mel_outputs[:, :, :12], after.mel_outputs[:, :, :12])
    assert not torch.allclose(before.mel_outputs[:, :, 12:14], after.mel_outputs[:, :, 12:14])
    changed = mels.clone()
    changed[:, :, ::2] += 5.0  # the first frame of each pair is never fed back
    assert torch.equal(before.mel_outputs, decoder(memory, changed, None).mel_outputs)


def test_attention_pays_nothing_to_padding(tiny: Make) -> None:
    attention = Attention(tiny())
    memory, padding = torch.randn(2, 9, 16), torch.zeros(2, 9, dtype=torch.bool)
    padding[1, 4:] = True
    past = torch.rand(2, 9)
    context, weights = attention(torch.randn(2, 16), past, past, attention.prepare(memory, padding))
    assert (weights[1, 4:] == 0).all()
    assert torch.allclose(weights.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(context[1], weights[1, :4] @ memory[1, :4])


def test_attention_remembers_where_it_was(tiny: Make) -> None:
    attention = Attention(tiny())
    fixed, query = attention.prepare(torch.randn(1, 9, 16), None), torch.randn(1, 16)
    nowhere, there = torch.zeros(1, 9), torch.eye(9)[None, 4]
    _, base = attention(query, nowhere, nowhere, fixed)
    assert not torch.allclose(base, attention(query, there, nowhere, fixed)[1])
    assert not torch.allclose(base, attention(query, nowhere, there, fixed)[1])
