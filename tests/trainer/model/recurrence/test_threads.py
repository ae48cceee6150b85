"""The C++ loops share their work among threads: the numbers stay the same, to rounding."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.model import Tacotron2

Make = Callable[..., Any]


def everything(model: Tacotron2, batch: Any, threads: int) -> list[Tensor]:
    """Teacher forcing, its gradients, and speech."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        outputs = model(*batch)
        loss = outputs.mel_outputs_postnet.square().mean() + outputs.alignments.square().mean()
        gradients = torch.autograd.grad(loss, [*model.decoder.attention_rnn.parameters()])
        spoken = model.infer(batch.text, batch.text_lengths, 70)
    finally:
        torch.set_num_threads(before)
    return [
        outputs.mel_outputs, outputs.gate_outputs, outputs.alignments, *gradients,
        spoken.mel_outputs_postnet, spoken.alignments,
    ]  # fmt: skip


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_nothing(undropped: Make, inputs: Make, threads: int) -> None:
    torch.manual_seed(0)
    sizes = {"attention_rnn_dim": 72, "decoder_rnn_dim": 40, "attention_dim": 40}
    model = Tacotron2(undropped(decoder_backend="native", **sizes)).eval()
    batch = inputs([9, 23, 5], [40, 61, 17])
    alone, together = everything(model, batch, 1), everything(model, batch, threads)
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
