"""Captured chunks on a GPU against PyTorch's loops there."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.model.recurrence import (
    AttentionInputs,
    AttentionMasks,
    Kernels,
    LstmMasks,
    attention_loop,
    kernels_for,
    sequence_lstm,
)
from trainer.model.recurrence.chunked_kernels import ChunkedKernels
from trainer.model.recurrence.chunks import Chunking
from trainer.model.recurrence.cuda_graphs import CudaGraphs

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA")
B, H, E, D, KERNEL = 3, 24, 20, 12, 5
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}  # in double precision


@pytest.fixture(params=["as they are", "fused"])
def kernels(request: pytest.FixtureRequest) -> Kernels:
    """In double precision; fused where they can be."""
    if request.param == "fused":
        return kernels_for("graphs", torch.empty(0, device="cuda"))
    return ChunkedKernels("graphs", Chunking(CudaGraphs()))


def torchs() -> Kernels:
    return kernels_for("torch", torch.empty(0, device="cuda"))


def random(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, device="cuda", requires_grad=True)


def attention_example(steps: int, tokens: int, seed: int = 3) -> AttentionInputs:
    torch.manual_seed(seed)
    return AttentionInputs(
        random(steps, B, 4 * H), random(4 * H, E + H), random(B, tokens, E), random(B, tokens, D),
        random(D, H), random(2 * KERNEL, D), random(D),
    )  # fmt: skip


def attention_masks(steps: int, tokens: int, dropout: bool) -> AttentionMasks:
    torch.manual_seed(8)
    lengths = torch.tensor([[tokens], [1], [2]], device="cuda")
    ones = torch.ones(steps, B, H, dtype=torch.float64, device="cuda")
    padding = torch.arange(tokens, device="cuda")[None] >= lengths
    return AttentionMasks(padding, F.dropout(ones, 0.4) if dropout else None)


def loss_of(outputs: tuple[Tensor, ...]) -> Tensor:
    torch.manual_seed(4)
    return torch.stack([(torch.randn_like(out) * out).sum() for out in outputs]).sum()


def assert_same(found: Any, expected: Any) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, **TOLERANCE)


@pytest.mark.parametrize("dropout", [False, True])
def test_attention_is_torchs(kernels: Kernels, dropout: bool) -> None:
    for steps, tokens in [(70, 9), (32, 32), (5, 40), (70, 12)]:  # the last from the first's graph
        inputs, masks = attention_example(steps, tokens), attention_masks(steps, tokens, dropout)
        results = []
        for each in (kernels, torchs()):
            outputs = attention_loop(inputs, each, masks)
            results.append((*outputs, *torch.autograd.grad(loss_of(outputs), inputs)))
        assert_same(*results)


@pytest.mark.parametrize("reverse", [False, True])
def test_an_lstm_is_torchs(kernels: Kernels, reverse: bool) -> None:
    torch.manual_seed(5)
    recurrent = random(4 * H, H)
    for steps in (70, 64, 3):
        pre_gates, results = random(steps, B, 4 * H), []
        masks = LstmMasks(None, torch.tensor([steps, 1, 2], device="cuda"), reverse)
        for each in (kernels, torchs()):
            hidden = sequence_lstm(pre_gates, recurrent, each, masks)
            gradients = torch.autograd.grad(loss_of((hidden,)), [pre_gates, recurrent])
            results.append((hidden, *gradients))
        assert_same(*results)


def test_a_batch_between_forward_and_backward_changes_nothing(kernels: Kernels) -> None:
    first, second = attention_example(40, 9), attention_example(40, 9, seed=6)
    masks = attention_masks(40, 9, dropout=True)
    results = []
    for each in (kernels, torchs()):
        outputs = attention_loop(first, each, masks)
        kept = [out.clone() for out in outputs]
        others = attention_loop(second, each, masks)
        assert_same(outputs, kept)
        results.append(torch.autograd.grad(loss_of(outputs), first))
        results.append(torch.autograd.grad(loss_of(others), second))
    assert_same(results[0] + results[1], results[2] + results[3])


def test_the_graph_that_was_not_used_longest_goes() -> None:
    graphs = CudaGraphs(most=2)
    kernels = ChunkedKernels("graphs", Chunking(graphs))
    with torch.no_grad():
        for tokens in (9, 40, 9, 70, 9, 40, 70):
            inputs, masks = attention_example(40, tokens), attention_masks(40, tokens, False)
            assert_same(
                attention_loop(inputs, kernels, masks), attention_loop(inputs, torchs(), masks)
            )
            assert len(graphs) <= 2


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_steps_are_torchs(
    small: Callable[..., HParams], inputs: Callable[..., Any], precision: str
) -> None:
    batches = [inputs([9, 5, 3], [70, 50, 20]), inputs([40, 30, 3], [90, 50, 20], seed=1)]
    losses: dict[str, list[float]] = {}
    for backend in ("torch", "graphs"):
        torch.manual_seed(0)
        hparams = small(decoder_backend=backend, p_attention_dropout=0.1, p_decoder_dropout=0.1)
        model = Tacotron2(hparams).cuda().train()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
        losses[backend] = []
        for batch in batches * 3:
            torch.manual_seed(1)
            with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
                outputs = model(*(tensor.cuda() for tensor in batch))
                loss = outputs.mel_outputs_postnet.float().square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses[backend].append(loss.item())
    assert losses["graphs"] == pytest.approx(losses["torch"], rel=5e-3)
