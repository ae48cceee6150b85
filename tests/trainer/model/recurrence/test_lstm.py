"""The sequence LSTM against torch's cell, one step and one row at a time."""

import pytest
import torch
from torch import Tensor, nn

from trainer.model.recurrence import LstmMasks, kernels_for, sequence_lstm

STEPS, B, C, H = 7, 3, 6, 21  # H: a whole vector of the C++ loops, and some more
LENGTHS = torch.tensor([4, 7, 1])


def plain_loop(cell: nn.LSTMCell, x: Tensor, masks: LstmMasks) -> Tensor:
    rows = []
    for row in range(B):
        length = STEPS if masks.lengths is None else int(masks.lengths[row])
        state = x.new_zeros(1, H), x.new_zeros(1, H)
        hidden = [x.new_zeros(1, H)] * STEPS
        for t in reversed(range(length)) if masks.reverse else range(length):
            h, c = cell(x[t, row : row + 1], state)
            if masks.dropout is not None:
                h = h * masks.dropout[t, row]
            hidden[t], state = h, (h, c)
        rows.append(torch.cat(hidden))
    return torch.stack(rows, dim=1)


def our_loop(cell: nn.LSTMCell, x: Tensor, masks: LstmMasks) -> Tensor:
    pre_gates = nn.functional.linear(x, cell.weight_ih, cell.bias_ih + cell.bias_hh)
    return sequence_lstm(pre_gates, cell.weight_hh, kernels_for("native", x), masks)


def problem(dtype: torch.dtype) -> tuple[nn.LSTMCell, Tensor]:
    torch.manual_seed(5)
    return nn.LSTMCell(C, H).to(dtype), torch.randn(STEPS, B, C).to(dtype).requires_grad_()


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)], ids=["torch", "native"]
)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
@pytest.mark.parametrize("dropout", [False, True])
def test_outputs_and_gradients_equal_torchs_cell(
    dropout: bool, lengths: Tensor | None, reverse: bool, dtype: torch.dtype, tolerance: float
) -> None:
    torch.manual_seed(6)
    mask = nn.functional.dropout(torch.ones(STEPS, B, H, dtype=dtype), 0.3) if dropout else None
    masks, results = LstmMasks(mask, lengths, reverse), []
    for loop in (our_loop, plain_loop):
        cell, x = problem(dtype)
        hidden = loop(cell, x, masks)
        weights = torch.linspace(-1, 1, hidden.numel(), dtype=dtype).view_as(hidden)
        gradients = torch.autograd.grad((weights * hidden).sum(), [x, *cell.parameters()])
        results.append((hidden, *gradients))
    for ours, plain in zip(*results, strict=True):
        torch.testing.assert_close(ours, plain, rtol=tolerance, atol=tolerance)


def test_it_stands_gradcheck() -> None:
    torch.manual_seed(7)
    pre_gates = torch.randn(4, B, 8, dtype=torch.float64, requires_grad=True)
    recurrent = torch.randn(8, 2, dtype=torch.float64, requires_grad=True)
    masks = LstmMasks(None, torch.tensor([4, 2, 3]), reverse=True)
    kernels = kernels_for("torch", pre_gates)
    assert torch.autograd.gradcheck(
        lambda *given: sequence_lstm(*given, kernels, masks), (pre_gates, recurrent)
    )


def test_a_value_that_is_no_number_stays_none() -> None:
    """A training that diverges must be seen to: no clamp may hide it."""
    pre_gates = torch.zeros(2, 1, 4 * H)
    pre_gates[0, 0, 0] = torch.nan
    for backend in ("torch", "native"):
        kernels = kernels_for(backend, pre_gates)
        assert sequence_lstm(pre_gates, torch.zeros(4 * H, H), kernels)[0, 0, 0].isnan()
