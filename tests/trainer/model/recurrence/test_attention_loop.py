"""The loop's own backward pass against autograd through a plain loop, one operation at a time."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.model.recurrence import AttentionInputs, AttentionMasks, attention_loop, kernels_for

B, STEPS, TOKENS, KERNEL = 3, 6, 7, 5
SMALL = (5, 4, 3)  # attention LSTM, encoder, attention dimension
LARGER = (37, 34, 33)  # whole vectors and panels of the C++ loops, and some more


def plain_loop(inputs: AttentionInputs, masks: AttentionMasks) -> tuple[Tensor, Tensor, Tensor]:
    pre_gates, recurrent, memory, processed_memory, query, location, v = inputs
    half = (KERNEL - 1) // 2
    hidden = cell = memory.new_zeros(B, recurrent.shape[0] // 4)
    context = memory.new_zeros(B, memory.shape[2])
    weights = sums = memory.new_zeros(B, TOKENS)
    rows: list[tuple[Tensor, Tensor, Tensor]] = []
    for t in range(STEPS):
        i, f, g, o = (pre_gates[t] + torch.cat((context, hidden), 1) @ recurrent.t()).chunk(4, 1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        if masks.dropout is not None:
            hidden = hidden * masks.dropout[t]
        past = F.pad(torch.stack((weights, sums), 1), (half, half))
        windows = past.unfold(2, KERNEL, 1).transpose(1, 2).flatten(2)
        inner = windows @ location + processed_memory + (hidden @ query.t()).unsqueeze(1)
        energies = inner.tanh() @ v
        if masks.padding is not None:
            energies = energies.masked_fill(masks.padding, torch.finfo(energies.dtype).min)
        weights = energies.softmax(1)
        sums = sums + weights
        context = (weights.unsqueeze(1) @ memory).squeeze(1)
        rows.append((hidden, context, weights))
    hiddens, contexts, alignments = zip(*rows, strict=True)
    return torch.stack(hiddens), torch.stack(contexts), torch.stack(alignments)


def our_loop(inputs: AttentionInputs, masks: AttentionMasks) -> tuple[Tensor, Tensor, Tensor]:
    return attention_loop(inputs, kernels_for("native", inputs.memory), masks)


def example(sizes: tuple[int, int, int], dtype: torch.dtype) -> AttentionInputs:
    torch.manual_seed(3)
    H, E, D = sizes  # noqa: N806 - as in the formulas
    shapes = [
        (STEPS, B, 4 * H), (4 * H, E + H), (B, TOKENS, E), (B, TOKENS, D), (D, H),
        (2 * KERNEL, D), (D,),
    ]  # fmt: skip
    tensors = [torch.randn(shape) / shape[-1] ** 0.5 for shape in shapes]
    return AttentionInputs(*(tensor.to(dtype).requires_grad_() for tensor in tensors))


def some_masks(padded: bool, dropout: bool, inputs: AttentionInputs) -> AttentionMasks:
    lengths = torch.tensor([TOKENS, 4, 5])
    padding = torch.arange(TOKENS)[None] >= lengths[:, None] if padded else None
    torch.manual_seed(8)
    ones = torch.ones_like(inputs.pre_gates.chunk(4, 2)[0])
    return AttentionMasks(padding, F.dropout(ones, 0.4) if dropout else None)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-5)], ids=["torch", "native"]
)
@pytest.mark.parametrize("sizes", [SMALL, LARGER], ids=["small", "larger"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
def test_outputs_and_gradients_equal_the_plain_loop(
    padded: bool,
    dropout: bool,
    sizes: tuple[int, int, int],
    dtype: torch.dtype,
    tolerance: float,
) -> None:
    results = []
    for loop in (our_loop, plain_loop):
        inputs = example(sizes, dtype)
        outputs = loop(inputs, some_masks(padded, dropout, inputs))
        torch.manual_seed(4)
        loss = sum((torch.randn_like(out) * out).sum() for out in outputs)
        results.append((*outputs, *torch.autograd.grad(loss, inputs)))
    for ours, plain in zip(*results, strict=True):
        torch.testing.assert_close(ours, plain, rtol=tolerance, atol=tolerance)


def test_it_stands_gradcheck() -> None:
    inputs = example(SMALL, torch.float64)
    masks = some_masks(True, True, inputs)
    assert torch.autograd.gradcheck(
        lambda *given: our_loop(AttentionInputs(*given), masks), tuple(inputs)
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["torch", "native"])
def test_a_graph_that_is_kept_can_be_run_twice(dtype: torch.dtype) -> None:
    inputs = example(LARGER, dtype)
    hidden, _, _ = our_loop(inputs, some_masks(True, False, inputs))
    first = torch.autograd.grad(hidden.sum(), inputs, retain_graph=True)
    second = torch.autograd.grad(hidden.sum(), inputs)
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
