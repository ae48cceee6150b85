"""The weighted sum: each term once, in log-mel units, adding up over micro-batches."""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.data import Batch, MelScale
from trainer.hparams import HParams
from trainer.losses import (
    LossTerms,
    Pool,
    consistency_loss,
    ctc_loss,
    gate_loss,
    guided_attention_loss,
    style_loss,
    taco_loss,
    training_loss,
)
from trainer.losses.taco import masked_mse
from trainer.model import CoarseOutputs, Tacotron2, TacotronOutputs

TERMS = tuple(field.name for field in fields(LossTerms) if field.name != "ctc_skipped")
FRAMES, TOKENS, N_SYMBOLS, DDC_R = [9, 6, 4, 7], [3, 5, 4, 1], 10, 4
Problem = Callable[..., tuple[TacotronOutputs, Batch]]


def rows(*indices: int) -> Callable[[Tensor], Tensor]:
    return lambda tensor: tensor[list(indices)]


@pytest.fixture
def problem() -> Problem:
    """Makes random outputs with every addition, for a reduction factor."""

    def make(r: int = 1, additions: bool = True) -> tuple[TacotronOutputs, Batch]:
        size, n_frames, n_tokens = len(FRAMES), max(FRAMES), max(TOKENS)
        steps, coarse_steps = -(-n_frames // r), -(-n_frames // DDC_R)
        batch = Batch(
            text=torch.randint(1, N_SYMBOLS, (size, n_tokens)),
            text_lengths=torch.tensor(TOKENS),
            mels=torch.randn(size, 80, n_frames),
            mel_lengths=torch.tensor(FRAMES),
            ids=tuple("abcd"),
        )
        extras: dict[str, Any] = {
            "coarse": CoarseOutputs(
                torch.randn(size, 80, n_frames),
                torch.rand(size, coarse_steps, n_tokens).softmax(2),
            ),
            "recognised": torch.randn(size, steps, N_SYMBOLS + 1),
            "style": torch.randn(size, 8),
            "predicted_style": torch.randn(size, 8),
        }
        outputs = TacotronOutputs(
            mel_outputs=torch.randn(size, 80, n_frames),
            mel_outputs_postnet=torch.randn(size, 80, n_frames),
            gate_outputs=torch.randn(size, steps),
            alignments=torch.rand(size, steps, n_tokens).softmax(2),
            **(extras if additions else {}),
        )
        return outputs, batch

    return make


@pytest.mark.parametrize("r", [1, 3])
@pytest.mark.parametrize("deviation", [1.0, 2.5])
def test_published_terms(
    tiny: Callable[..., HParams], problem: Problem, r: int, deviation: float
) -> None:
    hparams = tiny(n_frames_per_step=r, guide_loss_weight=1.7, gate_positive_weight=3.0)
    outputs, batch = problem(r, additions=False)
    steps = torch.tensor([-(-frames // r) for frames in FRAMES])
    terms = training_loss(outputs, batch, hparams, MelScale(-5.0, deviation))
    unscaled = taco_loss(
        outputs.mel_outputs, outputs.mel_outputs_postnet, batch.mels, batch.mel_lengths
    )
    guide = guided_attention_loss(outputs.alignments, steps, batch.text_lengths, hparams.guide_g)
    # in log-mel units, in which every model is compared
    torch.testing.assert_close(terms.taco, unscaled * deviation**2)
    torch.testing.assert_close(terms.gate, gate_loss(outputs.gate_outputs, steps, 3.0))
    torch.testing.assert_close(terms.guide, guide)
    expected = 0.4 * terms.taco + 0.3 * terms.gate + 1.7 * terms.guide
    torch.testing.assert_close(terms.loss, expected)
    assert [getattr(terms, name).item() for name in ("atten", "mmi", "emb", "ctc")] == [0.0] * 4
    assert terms.ctc_skipped == 0


def test_additional_terms(tiny: Callable[..., HParams], problem: Problem) -> None:
    hparams = tiny(
        n_frames_per_step=2, ddc_r=DDC_R, ddc_weight=0.7, ddc_coarse_weight=0.2,
        taco_loss_weight=1.1, atten_loss_weight=1.2, gate_loss_weight=1.3, guide_loss_weight=1.4,
        mmi_loss_weight=1.5, emb_loss_weight=1.6,
    )  # fmt: skip
    outputs, batch = problem(2)
    steps = torch.tensor([5, 3, 2, 4])  # too few for the second and third utterance
    terms = training_loss(outputs, batch, hparams, MelScale(-5.0, 2.0), gaf=0.25)
    assert outputs.coarse is not None
    assert outputs.recognised is not None
    assert outputs.style is not None
    assert outputs.predicted_style is not None
    mel = 4.0 * masked_mse(outputs.coarse.mel_outputs, batch.mels, batch.mel_lengths)
    ddc = consistency_loss(
        outputs.alignments, outputs.coarse.alignments, steps, batch.text_lengths, (2, DDC_R)
    )
    ctc = ctc_loss(outputs.recognised, batch.text, batch.text_lengths, steps)
    torch.testing.assert_close(terms.atten, 0.2 * mel + 0.7 * ddc)
    torch.testing.assert_close(terms.ctc, ctc)
    torch.testing.assert_close(terms.mmi, 0.25 * ctc)
    torch.testing.assert_close(terms.emb, style_loss(outputs.predicted_style, outputs.style))
    assert terms.ctc_skipped == 2
    six = ("taco", "atten", "gate", "guide", "mmi", "emb")
    expected = sum((1.1 + 0.1 * i) * getattr(terms, name) for i, name in enumerate(six))
    torch.testing.assert_close(terms.loss, expected)


@pytest.mark.parametrize("kind", ["tachibana", "kl"])
def test_the_guide_follows_its_schedule_and_is_always_told(
    tiny: Callable[..., HParams], problem: Problem, kind: str
) -> None:
    hparams = tiny(
        guide_kind=kind, guide_decay_start=10, guide_stop_step=20, guide_loss_weight=2.0,
        n_frames_per_step=1,
    )  # fmt: skip
    outputs, batch = problem(1, additions=False)
    rest = []
    for step, weight in ((0, 2.0), (15, 1.0), (20, 0.0)):
        terms = training_loss(outputs, batch, hparams, MelScale(), step=step)
        steps = batch.mel_lengths
        guide = guided_attention_loss(
            outputs.alignments, steps, batch.text_lengths, hparams.guide_g, hparams.guide_kind
        )
        torch.testing.assert_close(terms.guide, guide)
        rest.append(terms.loss - weight * guide)
    torch.testing.assert_close(rest[0], rest[1])
    torch.testing.assert_close(rest[0], rest[2])


def part(outputs: TacotronOutputs, batch: Batch, of: Callable[[Tensor], Tensor]) -> Any:
    """Some utterances of a batch, as a micro-batch of their own."""
    coarse = outputs.coarse
    assert coarse is not None
    tensors = {f.name: getattr(outputs, f.name) for f in fields(outputs) if f.name != "coarse"}
    return (
        TacotronOutputs(
            **{name: of(value) for name, value in tensors.items()},
            coarse=CoarseOutputs(of(coarse.mel_outputs), of(coarse.alignments)),
        ),
        Batch(
            of(batch.text), of(batch.text_lengths), of(batch.mels), of(batch.mel_lengths), ids=()
        ),
    )


@pytest.mark.parametrize("r", [1, 2])
@pytest.mark.parametrize("split", [([0, 1], [2, 3]), ([0], [1, 2, 3]), ([1], [2], [0, 3])])
def test_micro_batches_add_up_to_the_whole(
    tiny: Callable[..., HParams], problem: Problem, r: int, split: Sequence[list[int]]
) -> None:
    hparams = tiny(n_frames_per_step=r, ddc_r=DDC_R, guide_kind="kl")
    outputs, batch = problem(r)
    sequences = [row[:n].tolist() for row, n in zip(batch.text, TOKENS, strict=True)]
    pool, scale = Pool.of(sequences, FRAMES, r), MelScale(-5.0, 2.0)
    whole = training_loss(outputs, batch, hparams, scale, gaf=0.3)
    parts = [
        training_loss(*part(outputs, batch, rows(*of)), hparams, scale, gaf=0.3, pool=pool)
        for of in split
    ]
    for name in TERMS:
        added = sum(getattr(terms, name) for terms in parts)
        torch.testing.assert_close(added, getattr(whole, name), msg=name)
    assert sum(terms.ctc_skipped for terms in parts) == whole.ctc_skipped


@pytest.mark.parametrize("deviation", [1.0, 3.0])
def test_a_coarse_decoder_that_is_right_costs_nothing(
    tiny: Callable[..., HParams], problem: Problem, deviation: float
) -> None:
    hparams = tiny(n_frames_per_step=1, ddc_r=1)
    outputs, batch = problem(1, additions=False)
    perfect = TacotronOutputs(
        outputs.mel_outputs, outputs.mel_outputs_postnet, outputs.gate_outputs, outputs.alignments,
        coarse=CoarseOutputs(batch.mels, outputs.alignments),
    )  # fmt: skip
    scale = MelScale(0.0, deviation)
    assert training_loss(perfect, batch, hparams, scale).atten.item() == pytest.approx(0.0)


ADDITIONS = [{"use_ddc": True}, {"use_mmi": True}, {"use_ddc": True, "use_mmi": True}]


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("additions", ADDITIONS)
def test_every_parameter_gets_a_gradient_even_at_weight_0(
    tiny: Callable[..., HParams], additions: dict[str, bool], weight: float
) -> None:
    """One without would be left out by Adam and stop several GPUs that wait for it."""
    names = ("atten", "gate", "guide", "mmi", "emb")
    hparams = tiny(**additions, **{f"{name}_loss_weight": weight for name in names})
    model = Tacotron2(hparams)
    batch = Batch(
        torch.randint(1, 20, (2, 6)), torch.tensor([6, 4]), torch.randn(2, 80, 33),
        torch.tensor([33, 20]), ("a", "b"),
    )  # fmt: skip
    outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    terms = training_loss(outputs, batch, hparams, MelScale(), gaf=weight)
    terms.loss.backward()
    assert math.isfinite(terms.loss.item())
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
