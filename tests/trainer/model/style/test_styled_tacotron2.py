"""Tacotron 2 with styles: heard under teacher forcing, predicted or given when it speaks."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.losses import style_loss
from trainer.model import Tacotron2
from trainer.optimizer import build_optimizer

Make = Callable[..., Any]


def test_styles_have_the_shape_of_the_memory(styled: Make, inputs: Make) -> None:
    batch = inputs([9, 23], [40, 61])
    outputs = styled(batch)(*batch)
    assert outputs.style.shape == outputs.predicted_style.shape == (2, 16)
    assert not torch.allclose(outputs.style[0], outputs.style[1])
    assert not torch.allclose(outputs.predicted_style[0], outputs.predicted_style[1])


@pytest.mark.parametrize("preset", ["demo", "tacotron2"])
def test_styles_add_keys_and_change_no_published_one(preset: str) -> None:
    with torch.device("meta"):
        hparams = HParams.preset(preset).model_copy(update={"symbols": "nvidia"})
        published = Tacotron2(hparams).state_dict()
        styled = Tacotron2(hparams.model_copy(update={"use_gst": True})).state_dict()
    assert {k: styled[k].shape for k in published} == {k: v.shape for k, v in published.items()}
    added = styled.keys() - published.keys()
    assert {key.split(".")[0] for key in added} == {"gst", "tpse"}
    assert list(styled)[: len(published)] == list(published)


def test_without_styles_nothing_is_there(undropped: Make, inputs: Make) -> None:
    batch = inputs([9, 23], [40, 61])
    torch.manual_seed(5)
    plain = Tacotron2(undropped())
    torch.manual_seed(5)
    styled = Tacotron2(undropped(use_gst=True))
    assert not [key for key in plain.state_dict() if key.startswith(("gst", "tpse"))]
    for key, value in plain.state_dict().items():
        assert torch.equal(styled.state_dict()[key], value), key
    outputs = plain(*batch)
    assert outputs.style is None
    assert outputs.predicted_style is None


def test_a_warm_start_speaks_at_first_as_before(
    undropped: Make, inputs: Make, settled: Make
) -> None:
    batch = inputs([9, 23], [40, 61])
    before = settled(undropped(), batch)
    after = Tacotron2(undropped(use_gst=True)).eval()
    missing = after.load_state_dict(before.state_dict(), strict=False).missing_keys
    assert all(key.startswith(("gst.", "tpse.")) for key in missing)
    assert torch.equal(after(*batch).mel_outputs_postnet, before(*batch).mel_outputs_postnet)
    one, other = (m.infer(batch.text, batch.text_lengths, 8) for m in (before, after))
    assert torch.equal(one.mel_outputs_postnet, other.mel_outputs_postnet)


def test_padding_changes_nothing(styled: Make, inputs: Make) -> None:
    batch = inputs([9, 23], [40, 61])
    model = styled(batch)
    with torch.no_grad():
        together = model(*batch)
        for i, (tokens, frames) in enumerate(((9, 40), (23, 61))):
            alone = model(
                batch.text[i : i + 1, :tokens],
                torch.tensor([tokens]),
                batch.mels[i : i + 1, :, :frames],
                torch.tensor([frames]),
            )
            for name in ("style", "predicted_style"):
                one, other = getattr(alone, name)[0], getattr(together, name)[i]
                torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
            torch.testing.assert_close(
                alone.mel_outputs[0], together.mel_outputs[i, :, :frames], rtol=0, atol=1e-5
            )


def test_gradients_reach_every_parameter(undropped: Make, inputs: Make) -> None:
    """From the second step on: at the first, the projections are 0 and let none through."""
    batch = inputs([9, 23], [40, 61])
    model = Tacotron2(undropped(use_gst=True)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        outputs = model(*batch)
        loss = F.mse_loss(outputs.mel_outputs_postnet, batch.mels)
        (loss + style_loss(outputs.predicted_style, outputs.style)).backward()
        optimizer.step()
    for name, parameter in model.named_parameters():
        if name.startswith(("gst.", "tpse.")):
            assert parameter.grad is not None, name
            assert parameter.grad.any(), name


def test_the_prediction_teaches_the_predictor_alone(styled: Make, inputs: Make) -> None:
    batch = inputs([9, 23], [40, 61])
    model = styled(batch).train()
    outputs = model(*batch)
    style_loss(outputs.predicted_style, outputs.style).backward()
    taught = {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}
    assert taught == {"tpse"}


def test_weight_decay_spares_recurrent_weights(undropped: Make) -> None:
    model = Tacotron2(undropped(use_gst=True, weight_decay=1e-3))
    decayed = {id(p) for p in build_optimizer(model, model.hparams).param_groups[0]["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in decayed}
    assert "gst.projection.weight" in names
    assert not [name for name in names if ".gru." in name or ".norm." in name]


def test_speech_follows_the_reference_and_else_the_text(styled: Make, inputs: Make) -> None:
    batch = inputs([9, 9], [40, 61])
    model = styled(batch)
    text, lengths = batch.text, batch.text_lengths

    def speech(style: torch.Tensor | None) -> torch.Tensor:
        return model.infer(text, lengths, 6, style).mel_outputs_postnet

    heard = model.style_of(batch.mels, batch.mel_lengths)
    assert not torch.allclose(speech(None), speech(heard), atol=1e-4)
    assert not torch.allclose(speech(heard), speech(heard.flip(0)), atol=1e-4)
    assert torch.equal(speech(heard[:1]), speech(heard[:1].expand(2, -1)))
    memory, _ = model._encode(text, lengths)
    assert torch.equal(speech(None), speech(model.tpse(memory, lengths)))


def test_speech_in_the_style_of_tokens(styled: Make, inputs: Make) -> None:
    batch = inputs([9], [40])
    model = styled(batch, gst_n_tokens=4)
    first, second = (model.style_of_tokens(torch.eye(4)[i]) for i in (0, 1))
    assert first.shape == (1, 16)
    one, other = (
        model.infer(batch.text, batch.text_lengths, 6, style).mel_outputs_postnet
        for style in (first, second)
    )
    assert not torch.allclose(one, other, atol=1e-4)
    torch.testing.assert_close(model.style_of_tokens(torch.eye(4))[1:2], second)


def test_longer_batch_mates_change_nothing_in_styled_speech(styled: Make, inputs: Make) -> None:
    batch = inputs([9, 23], [40, 61])
    model = styled(batch)
    style = model.style_of(batch.mels, batch.mel_lengths)
    together = model.infer(batch.text, batch.text_lengths, 6, style)
    alone = model.infer(batch.text[:1, :9], torch.tensor([9]), 6, style[:1])
    torch.testing.assert_close(
        alone.mel_outputs_postnet[0], together.mel_outputs_postnet[0], rtol=0, atol=1e-5
    )


def test_a_model_without_styles_says_so(undropped: Make, inputs: Make) -> None:
    batch = inputs([9], [40])
    model = Tacotron2(undropped()).eval()
    for ask in (
        lambda: model.style_of(batch.mels, batch.mel_lengths),
        lambda: model.style_of_tokens(torch.ones(6)),
        lambda: model.infer(batch.text, batch.text_lengths, 4, torch.zeros(1, 16)),
    ):
        with pytest.raises(BadInputError, match=r"no style tokens .*use_gst=True"):
            ask()


def two_voices() -> tuple[torch.Tensor, ...]:
    """One text spoken twice, in mels that have nothing in common."""
    generator = torch.Generator().manual_seed(11)
    text = torch.randint(2, 30, (1, 6), generator=generator).expand(2, -1)
    mels = torch.randn(1, 80, 12, generator=generator) * torch.tensor([1.0, -1.0]).view(2, 1, 1)
    return text, torch.tensor([6, 6]), mels, torch.tensor([12, 12])


def trained(hparams: HParams) -> tuple[Tacotron2, float]:
    """A model after 120 steps on both voices, and its loss; the decoder hears no teacher."""
    batch = two_voices()
    torch.manual_seed(2)
    model = Tacotron2(hparams).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(120):
        optimizer.zero_grad()
        outputs = model(*batch, teacher_mels=torch.zeros_like(batch[2]))
        loss = F.mse_loss(outputs.mel_outputs, batch[2])
        loss.backward()
        optimizer.step()
    return model, loss.item()


def test_style_carries_what_the_text_cannot(undropped: Make) -> None:
    model, with_style = trained(undropped(use_gst=True))
    _, without = trained(undropped())
    assert without > 0.9  # the best guess is the mean of both
    assert with_style < 0.5 * without
    text, text_lengths, mels, mel_lengths = two_voices()
    with torch.no_grad():
        swapped = model(text, text_lengths, mels.flip(0), mel_lengths, torch.zeros_like(mels))
    assert F.mse_loss(swapped.mel_outputs, mels.flip(0)) < 0.5
    assert F.mse_loss(swapped.mel_outputs, mels) > 1.5
