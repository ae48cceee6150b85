"""Free running: our model speaks what the published one (``published.py``) speaks."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.model import SynthesisOutputs

Make = Callable[..., Any]

in_both_precisions = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)], ids=["fp32", "fp64"]
)


def open_sometime(pair: Any, texts: list[Tensor]) -> None:
    """Set the stop gate of untrained models so that it opens, but not at once."""
    gate = pair.oracle.decoder.gate_layer.linear_layer
    with torch.no_grad():
        gate.bias.fill_(-100.0)
        logits = [pair.oracle.infer(text).gate_outputs[0] + 100.0 for text in texts]
        if logits[0].max() == logits[0][0]:  # falls all along
            gate.weight.neg_()
            logits = [-each for each in logits]
        gate.bias.fill_(-float(torch.stack([each[0] + each.max() for each in logits]).median()) / 2)
    pair.ours.load_state_dict(pair.oracle.state_dict())


def assert_same_speech(
    ours: SynthesisOutputs, i: int, n_tokens: int, theirs: Any, tolerance: float
) -> None:
    """The ``i``-th of ours, without its padding."""
    frames, steps = theirs.mel_outputs.shape[2], theirs.alignments.shape[1]
    assert ours.mel_lengths[i] == frames
    pairs = (
        (ours.mel_outputs_postnet[i, :, :frames], theirs.mel_outputs_postnet[0]),
        (ours.alignments[i, :steps, :n_tokens], theirs.alignments[0]),
    )
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


@in_both_precisions
@pytest.mark.parametrize("r", [1, 3])
@pytest.mark.parametrize("stops", [True, False])
def test_one_text(
    small: Make,
    pair: Make,
    example: Make,
    backend: str,
    r: int,
    dtype: torch.dtype,
    tolerance: float,
    stops: bool,
) -> None:
    hparams = small(n_frames_per_step=r, max_decoder_steps=15, decoder_backend=backend)
    both = pair(hparams, dtype, False)
    text = example([9], [4]).text
    open_sometime(both, [text])
    if not stops:
        for model in both.each():
            model.decoder.gate_layer.linear_layer.bias.data.fill_(-100.0)
    ours, theirs = both.ours.infer(text, torch.tensor([9])), both.oracle.infer(text)
    assert_same_speech(ours, 0, 9, theirs, tolerance)
    assert ours.stopped.tolist() == [stops]
    assert (r < ours.mel_lengths.item() < 15 * r) == stops


@in_both_precisions
@pytest.mark.parametrize("r", [1, 3])
def test_a_batch_is_spoken_as_each_text_alone(
    small: Make,
    pair: Make,
    example: Make,
    backend: str,
    r: int,
    dtype: torch.dtype,
    tolerance: float,
) -> None:
    """The published model speaks one text at a time: no padding, whatever ``padding`` says."""
    hparams = small(n_frames_per_step=r, max_decoder_steps=12, decoder_backend=backend)
    both = pair(hparams, dtype, False)
    batch = example([9, 14, 5, 11], [4, 4, 4, 4])
    lengths = batch.text_lengths.tolist()
    texts = [batch.text[i : i + 1, :n] for i, n in enumerate(lengths)]
    open_sometime(both, texts)
    ours = both.ours.infer(batch.text, batch.text_lengths)
    assert len(set(ours.mel_lengths.tolist())) > 1
    for i, text in enumerate(texts):
        assert_same_speech(ours, i, lengths[i], both.oracle.infer(text), tolerance)
