"""The recogniser of MMI: a plain probe of the decoder's features."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from trainer.model import Tacotron2
from trainer.model.recogniser import Recogniser
from trainer.text import symbol_table

Make = Callable[..., Any]


def test_one_hidden_layer_with_relu(tiny: Make) -> None:
    recogniser = Recogniser(tiny(), n_symbols=30)
    features = torch.randn(2, 5, 32)  # 16 of the decoder, 16 of the context
    weights = recogniser.state_dict()
    hidden = features @ weights["hidden_layer.linear_layer.weight"].t()
    hidden = F.relu(hidden + weights["hidden_layer.linear_layer.bias"])
    expected = hidden @ weights["symbol_layer.linear_layer.weight"].t()
    expected = expected + weights["symbol_layer.linear_layer.bias"]
    assert expected.shape == (2, 5, 31)
    torch.testing.assert_close(recogniser(features), expected)


def test_it_listens_to_what_the_projections_see(undropped: Make, inputs: Make) -> None:
    batch = inputs([7, 3], [25, 13])
    model = Tacotron2(undropped(use_mmi=True, n_frames_per_step=3)).eval()
    with torch.no_grad():
        memory, padding = model._encode(batch.text, batch.text_lengths)
        decoded = model.decoder(memory, F.pad(batch.mels, (0, 2)), padding)
        outputs = model(*batch)
    assert outputs.recognised.shape == (2, 9, len(symbol_table("en")) + 1)
    torch.testing.assert_close(outputs.recognised, model.recogniser(decoded.features))
    contexts = torch.bmm(decoded.alignments, memory)
    torch.testing.assert_close(decoded.features[:, :, -16:], contexts)
    mel = model.decoder.linear_projection(decoded.features).view(2, 27, 80).transpose(1, 2)
    torch.testing.assert_close(mel, decoded.mel_outputs)


def test_padding_does_not_reach_it(undropped: Make, inputs: Make) -> None:
    batch = inputs([7, 3], [25, 13])
    model = Tacotron2(undropped(use_mmi=True, n_frames_per_step=2)).eval()
    with torch.no_grad():
        both = model(*batch).recognised
        alone = model(
            batch.text[1:, :3],
            batch.text_lengths[1:],
            batch.mels[1:, :, :13],
            batch.mel_lengths[1:],
        ).recognised
    torch.testing.assert_close(both[1, :7], alone[0], rtol=1e-5, atol=1e-5)
