"""The loop with torch's kernels computes what the oracle spells out."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.oracle import load_published
from benchmarks.published_loop import PublishedLoop
from benchmarks.training import plain_forward, published_loss
from benchmarks.workloads import TrainingBatch, full

OUTPUTS = ("mel_outputs", "mel_outputs_postnet", "gate_outputs", "alignments")


def small_sizes(**changes: Any) -> Any:
    sizes = load_published().Sizes(
        symbols_embedding_dim=14, encoder_embedding_dim=18, attention_rnn_dim=20, attention_dim=9,
        attention_location_n_filters=4, attention_location_kernel_size=7, decoder_rnn_dim=22,
        prenet_dims=(16, 10), postnet_embedding_dim=12, encoder_dropout=0.0, prenet_dropout=0.0,
        p_attention_dropout=0.0, p_decoder_dropout=0.0, postnet_dropout=0.0,
    )  # fmt: skip
    return replace(sizes, **changes)


def pair(sizes: Any) -> tuple[nn.Module, PublishedLoop]:
    torch.manual_seed(1)
    published = load_published().PublishedTacotron2(sizes)
    oracle, loop = published.double(), PublishedLoop(sizes).double()
    loop.load_state_dict(oracle.state_dict())
    assert list(loop.state_dict()) == list(oracle.state_dict())
    return oracle, loop


def batch(r: int) -> TrainingBatch:
    """Four utterances of 9 to 12 tokens, padded, and of 24 frames or fewer."""
    workload = replace(full(4, quick=True), n_tokens=12)
    hparams = workload.hparams.model_copy(update={"n_frames_per_step": r})
    given = replace(workload, hparams=hparams).batch(torch.device("cpu"))
    return replace(given, mels=given.mels.double())


def gradients(model: nn.Module, given: TrainingBatch) -> tuple[Any, dict[str, Tensor]]:
    outputs = plain_forward(model, given)
    names, parameters = zip(*model.named_parameters(), strict=True)
    found = torch.autograd.grad(published_loss(outputs, given), parameters)
    return outputs, dict(zip(names, found, strict=True))


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("r", [1, 3])
def test_outputs_gradients_and_statistics_are_the_oracles(r: int, training: bool) -> None:
    oracle, loop = pair(small_sizes(n_frames_per_step=r))
    given = batch(r)
    expected, their_gradients = gradients(oracle.train(training), given)
    found, our_gradients = gradients(loop.train(training), given)
    for name in OUTPUTS:
        torch.testing.assert_close(
            getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9
        )
    assert not found.alignments[-1, :, 10:].any()  # of a text of 10 tokens
    torch.testing.assert_close(our_gradients, their_gradients, rtol=1e-9, atol=1e-9)
    for key, tensor in oracle.state_dict().items():
        torch.testing.assert_close(loop.state_dict()[key], tensor, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("r", [1, 2])
def test_a_batch_is_spoken_as_the_oracle_speaks_each_text(r: int) -> None:
    oracle, loop = pair(small_sizes(n_frames_per_step=r, max_decoder_steps=9))
    for model in (oracle, loop):
        model.eval()
        model.decoder.gate_layer.linear_layer.bias.data.fill_(-100.0)
    texts = full(3, quick=True).texts(torch.device("cpu"))
    found = loop.infer(texts, 9)
    assert found.mel_outputs.shape == (3, 80, 9 * r)
    for i in range(3):
        alone = oracle.infer(texts[i : i + 1])
        for name in OUTPUTS:
            torch.testing.assert_close(
                getattr(found, name)[i : i + 1], getattr(alone, name), rtol=1e-9, atol=1e-9
            )


def test_it_stops_when_every_gate_has_opened() -> None:
    _, loop = pair(small_sizes())
    loop.eval().decoder.gate_layer.linear_layer.bias.data.fill_(100.0)
    found = loop.infer(full(2, quick=True).texts(torch.device("cpu")), 9)
    assert found.mel_outputs.shape[2] == 1
