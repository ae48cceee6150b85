"""The whole model: shapes, gradients, padding, dropout."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.data import Batch, MelScale
from trainer.hparams import HParams
from trainer.losses import training_loss
from trainer.model import Tacotron2, TacotronOutputs

Make = Callable[..., Any]

DROPOUTS = tuple(name for name in HParams.model_fields if name.endswith("dropout"))


def tensors(outputs: TacotronOutputs) -> tuple[Tensor, ...]:
    return (
        outputs.mel_outputs, outputs.mel_outputs_postnet, outputs.gate_outputs, outputs.alignments
    )  # fmt: skip


def same(a: TacotronOutputs, b: TacotronOutputs) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(a), tensors(b), strict=True))


@pytest.mark.parametrize("padding", ["published", "masked"])
@pytest.mark.parametrize("r", [1, 2, 3, 5])
@pytest.mark.parametrize("n_frames", [1, 2, 5, 6, 11])
def test_shapes(tiny: Make, inputs: Make, r: int, n_frames: int, padding: str) -> None:
    batch = inputs([7, 3], [n_frames, max(1, n_frames - 1)])
    outputs = Tacotron2(tiny(n_frames_per_step=r, padding=padding))(*batch)
    steps = -(-n_frames // r)
    assert outputs.mel_outputs.shape == outputs.mel_outputs_postnet.shape == (2, 80, n_frames)
    assert outputs.gate_outputs.shape == (2, steps)
    assert outputs.alignments.shape == (2, steps, 7)
    assert torch.allclose(outputs.alignments.sum(dim=2), torch.ones(2, steps))
    assert (outputs.alignments[1, :, 3:] == 0).all()
    assert all(torch.isfinite(t).all() for t in tensors(outputs))


def test_padding_comes_out_silent_and_closed(tiny: Make, inputs: Make) -> None:
    outputs = Tacotron2(tiny(n_frames_per_step=3))(*inputs([7, 5], [20, 8]))
    assert (outputs.mel_outputs[1, :, 8:] == 0).all()
    assert (outputs.mel_outputs_postnet[1, :, 8:] == 0).all()
    assert (outputs.gate_outputs[1, 3:] == 1e3).all()  # 8 frames are 3 steps
    assert (outputs.gate_outputs[1, :3].abs() < 1e2).all()


@pytest.mark.parametrize("padding", ["published", "masked"])
@pytest.mark.parametrize("r", [1, 3])
def test_gradient_reaches_every_parameter(tiny: Make, inputs: Make, r: int, padding: str) -> None:
    hparams = tiny(n_frames_per_step=r, padding=padding, p_decoder_dropout=0.1)
    model = Tacotron2(hparams)
    batch = Batch(*inputs([20, 30], [30, 21]), ids=("a", "b"))
    outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    training_loss(outputs, batch, hparams, MelScale()).loss.backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    # BatchNorm takes the mean off again: the bias of a convolution before it changes nothing.
    unreached = {name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-7}
    assert unreached <= {n for n, _ in model.named_parameters() if n.endswith(".0.conv.bias")}


def test_each_symbol_of_the_batch_is_learned(tiny: Make, inputs: Make) -> None:
    hparams = tiny()
    model = Tacotron2(hparams)
    batch = Batch(*inputs([20, 30], [30, 21]), ids=("a", "b"))
    outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    training_loss(outputs, batch, hparams, MelScale()).loss.backward()
    learned = set(model.embedding.weight.grad.abs().sum(dim=1).nonzero().flatten().tolist())
    assert learned == set(batch.text[0, :20].tolist()) | set(batch.text[1].tolist())


@pytest.mark.parametrize("r", [1, 2, 3, 5])
def test_batch_mates_and_padding_change_nothing(
    undropped: Make, inputs: Make, settled: Make, r: int
) -> None:
    together = inputs([9, 23, 5], [40, 61, 17])
    model = settled(undropped(n_frames_per_step=r), together)
    with torch.no_grad():
        batch = model(*together)
        for i, (tokens, frames) in enumerate(((9, 40), (23, 61), (5, 17))):
            text = torch.nn.functional.pad(together.text[i : i + 1, :tokens], (0, 4), value=7)
            mels = torch.nn.functional.pad(together.mels[i : i + 1, :, :frames], (0, 7), value=50.0)
            lengths = torch.tensor([tokens]), torch.tensor([frames])
            alone = model(text, lengths[0], mels, lengths[1])
            steps = -(-frames // r)
            for name in ("mel_outputs", "mel_outputs_postnet"):
                one, other = getattr(alone, name), getattr(batch, name)
                torch.testing.assert_close(
                    one[0, :, :frames], other[i, :, :frames], rtol=0, atol=1e-5
                )
            torch.testing.assert_close(
                alone.gate_outputs[0, :steps], batch.gate_outputs[i, :steps], rtol=0, atol=1e-5
            )
            torch.testing.assert_close(
                alone.alignments[0, :steps, :tokens],
                batch.alignments[i, :steps, :tokens],
                rtol=0,
                atol=1e-5,
            )


def test_the_published_network_sees_its_padding(
    undropped: Make, inputs: Make, settled: Make
) -> None:
    together = inputs([9, 23], [40, 61])
    model = settled(undropped(padding="published"), together)
    with torch.no_grad():
        batch = model(*together)
        text, mels = together.text[:1, :9], together.mels[:1, :, :40]
        alone = model(text, torch.tensor([9]), mels, torch.tensor([40]))
    assert (batch.alignments[0, :14, :9] - alone.alignments[0]).abs().max() > 1e-5


def stop_sometime(model: Tacotron2, batch: Any) -> None:
    """Set the gate so that the utterances of an untrained model stop at different steps."""
    gate = model.decoder.gate_layer.linear_layer
    gate.bias.data.fill_(-100.0)
    memory, padding = model._encode(batch.text, batch.text_lengths)
    logits = model.decoder.infer(memory, padding, 12)[0].gate_outputs + 100.0
    gate.bias.data.fill_(-float(logits.max(dim=1).values.median() - 1e-4))


@pytest.mark.parametrize("r", [1, 3])
def test_batch_mates_change_nothing_in_speech(
    undropped: Make, inputs: Make, settled: Make, r: int
) -> None:
    batch = inputs([9, 23, 5], [40, 61, 17])
    model = settled(undropped(n_frames_per_step=r), batch)
    stop_sometime(model, batch)
    together = model.infer(batch.text, batch.text_lengths, 12)
    assert len(set(together.mel_lengths.tolist())) > 1
    for i, tokens in enumerate((9, 23, 5)):
        text = torch.nn.functional.pad(batch.text[i : i + 1, :tokens], (0, 6), value=3)
        alone = model.infer(text, torch.tensor([tokens]), 12)
        frames = int(alone.mel_lengths[0])
        assert frames == together.mel_lengths[i]
        assert alone.stopped[0] == together.stopped[i]
        torch.testing.assert_close(
            alone.mel_outputs_postnet[0, :, :frames],
            together.mel_outputs_postnet[i, :, :frames],
            rtol=0,
            atol=1e-5,
        )


def test_stops_are_counted_in_frames(undropped: Make, inputs: Make, settled: Make) -> None:
    batch = inputs([9, 23, 5], [40, 61, 17])
    model = settled(undropped(n_frames_per_step=3), batch)
    gate = model.decoder.gate_layer.linear_layer
    with torch.no_grad():
        gate.weight.zero_()
        gate.bias.fill_(-1.0)
    never = model.infer(batch.text, batch.text_lengths, 10)
    assert never.mel_lengths.tolist() == [30] * 3
    assert never.stopped.tolist() == [False] * 3
    assert never.mel_outputs_postnet.shape == (3, 80, 30)
    gate.bias.data.fill_(1.0)
    at_once = model.infer(batch.text, batch.text_lengths, 10)
    assert at_once.mel_lengths.tolist() == [3] * 3
    assert at_once.stopped.tolist() == [True] * 3
    assert at_once.alignments.shape == (3, 1, 23)
    assert model.infer(batch.text, batch.text_lengths).mel_lengths.tolist() == [3] * 3


def test_the_cap_is_max_decoder_steps(undropped: Make, inputs: Make, settled: Make) -> None:
    batch = inputs([9], [40])
    model = settled(undropped(n_frames_per_step=2, max_decoder_steps=11), batch)
    model.decoder.gate_layer.linear_layer.bias.data.fill_(-100.0)
    assert model.infer(batch.text, batch.text_lengths).mel_outputs_postnet.shape == (1, 80, 22)


def test_a_stop_at_the_gate_threshold(undropped: Make, inputs: Make, settled: Make) -> None:
    batch = inputs([9], [40])
    for threshold, stopped in ((0.72, True), (0.74, False)):  # sigmoid(1) = 0.731
        model = settled(undropped(gate_threshold=threshold), batch)
        gate = model.decoder.gate_layer.linear_layer
        gate.weight.data.zero_()
        gate.bias.data.fill_(1.0)
        assert model.infer(batch.text, batch.text_lengths, 3).stopped.tolist() == [stopped]


def test_prenet_dropout_stays_on_in_evaluation(
    tiny: Make, undropped: Make, inputs: Make, settled: Make
) -> None:
    batch = inputs([9, 6], [40, 30])
    model = settled(undropped(prenet_dropout=0.5), batch)
    with torch.no_grad():
        assert not same(model(*batch), model(*batch))
    one, other = (model.infer(batch.text, batch.text_lengths, 8) for _ in range(2))
    assert not torch.equal(one.mel_outputs_postnet, other.mel_outputs_postnet)
    torch.manual_seed(1)
    again = model.infer(batch.text, batch.text_lengths, 8)
    torch.manual_seed(1)
    repeated = model.infer(batch.text, batch.text_lengths, 8)
    assert torch.equal(again.mel_outputs_postnet, repeated.mel_outputs_postnet)


def test_only_prenet_dropout_stays_on(undropped: Make, inputs: Make, settled: Make) -> None:
    batch = inputs([9, 6], [40, 30])
    on = dict.fromkeys(DROPOUTS, 0.5) | {"prenet_dropout": 0.0}
    model = settled(undropped(**on), batch)
    with torch.no_grad():
        assert same(model(*batch), model(*batch))


def test_without_dropout_training_is_deterministic(undropped: Make, inputs: Make) -> None:
    batch = inputs([9, 6], [40, 30])
    model = Tacotron2(undropped()).train()
    assert same(model(*batch), model(*batch))


@pytest.mark.parametrize("name", DROPOUTS)
def test_each_dropout_acts_in_training(undropped: Make, inputs: Make, name: str) -> None:
    batch = inputs([9, 6], [40, 30])
    model = Tacotron2(undropped(**{name: 0.3})).train()
    assert not same(model(*batch), model(*batch))


def test_teacher_forcing_on_its_own_frames_is_free_running(
    undropped: Make, inputs: Make, settled: Make
) -> None:
    """The frames that the model spoke, given back as its teacher, give the same speech."""
    for r in (1, 2, 3, 5):
        batch = inputs([9, 23], [40, 61])
        model = settled(undropped(n_frames_per_step=r), batch)
        model.decoder.gate_layer.linear_layer.bias.data.fill_(-100.0)
        spoken = model.infer(batch.text, batch.text_lengths, 20)
        memory, padding = model._encode(batch.text, batch.text_lengths)
        free, _ = model.decoder.infer(memory, padding, 20)
        with torch.no_grad():
            forced = model(batch.text, batch.text_lengths, free.mel_outputs, spoken.mel_lengths)
        pairs = (
            (forced.mel_outputs, free.mel_outputs),
            (forced.mel_outputs_postnet, spoken.mel_outputs_postnet),
            (forced.gate_outputs, free.gate_outputs),
            (forced.alignments, spoken.alignments),
        )
        for one, other in pairs:
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_another_letter_makes_another_sound(undropped: Make, inputs: Make, settled: Make) -> None:
    batch = inputs([9], [40])
    model = settled(undropped(), batch)
    before = model(*batch).mel_outputs
    batch.text[0, 4] += 1
    assert not torch.allclose(before, model(*batch).mel_outputs)
