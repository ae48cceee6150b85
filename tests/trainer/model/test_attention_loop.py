"""The loop's own backward pass against autograd through a plain loop, one operation at a time."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.model.attention_loop import Masks, attention_loop

B, STEPS, TOKENS, H, E, D, KERNEL = 3, 6, 7, 5, 4, 3, 5


def plain_loop(
    pre_gates: Tensor,
    recurrent: Tensor,
    memory: Tensor,
    processed_memory: Tensor,
    query: Tensor,
    location: Tensor,
    v: Tensor,
    masks: Masks,
) -> tuple[Tensor, Tensor, Tensor]:
    half = (KERNEL - 1) // 2
    hidden = cell = memory.new_zeros(B, H)
    context = memory.new_zeros(B, E)
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


def example() -> list[Tensor]:
    torch.manual_seed(3)
    shapes = [
        (STEPS, B, 4 * H), (4 * H, E + H), (B, TOKENS, E), (B, TOKENS, D), (D, H),
        (2 * KERNEL, D), (D,),
    ]  # fmt: skip
    return [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes]


def some_masks(padded: bool, dropout: bool) -> Masks:
    lengths = torch.tensor([TOKENS, 4, 5])
    padding = torch.arange(TOKENS)[None] >= lengths[:, None] if padded else None
    ones = torch.ones(STEPS, B, H, dtype=torch.float64)
    return Masks(padding, F.dropout(ones, 0.4) if dropout else None)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
def test_outputs_and_gradients_equal_the_plain_loop(padded: bool, dropout: bool) -> None:
    masks = some_masks(padded, dropout)
    results = []
    for loop in (attention_loop, plain_loop):
        inputs = example()
        outputs = loop(*inputs, masks)
        torch.manual_seed(4)
        loss = sum((torch.randn_like(out) * out).sum() for out in outputs)
        results.append((outputs, torch.autograd.grad(loss, inputs)))
    (ours, our_grads), (plain, plain_grads) = results
    for a, b in zip((*ours, *our_grads), (*plain, *plain_grads), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_it_stands_gradcheck() -> None:
    masks = some_masks(padded=True, dropout=True)
    assert torch.autograd.gradcheck(lambda *inputs: attention_loop(*inputs, masks), example())


def test_a_graph_that_is_kept_can_be_run_twice() -> None:
    inputs = example()
    hidden, _, _ = attention_loop(*inputs, some_masks(padded=True, dropout=False))
    first = torch.autograd.grad(hidden.sum(), inputs, retain_graph=True)
    second = torch.autograd.grad(hidden.sum(), inputs)
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
