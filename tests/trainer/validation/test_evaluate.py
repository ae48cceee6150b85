"""One whole validation: every score, and training goes on undisturbed."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from trainer.data import Dataset, collate
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.validation import HeldOut, Result, evaluate
from trainer.validation.evaluate import NonFiniteOutputError
from trainer.validation.held_out import free_running

Make = Callable[..., HParams]

METRICS = {
    "validation.loss", "validation.mel_l1", "alignment.overall_score",
    "alignment.diagonal_score", "alignment.monotonic_score", "alignment.focus_score",
    "alignment.coverage_score", "gate.early_rate", "gate.missed_rate",
    "gate.stop_error_median_ms", "gate.stop_error_p90_ms", "free_run.success_rate",
    "free_run.retrieval_rate", "free_run.length_ratio", "free_run.max_steps_rate", "mcd",
    "quality",
}  # fmt: skip
SHARES = {name for name in METRICS if name.endswith(("_rate", "_score"))} | {"quality"}


@pytest.fixture(scope="module")
def model(tiny: Callable[..., HParams], dataset: Dataset) -> Tacotron2:
    torch.manual_seed(0)
    made = Tacotron2(tiny())
    batch = collate(dataset.training[:4], dataset.scale)
    with torch.no_grad():
        made(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
    return made


@pytest.fixture(scope="module")
def result(model: Tacotron2, held_out: HeldOut) -> Result:
    return evaluate(model, held_out)


def test_every_score_of_metrics(result: Result) -> None:
    assert set(result.metrics) == METRICS
    assert all(type(v) is float and math.isfinite(v) for v in result.metrics.values())
    assert all(0.0 <= result.metrics[name] <= 1.0 for name in SHARES)


def test_an_untrained_model_is_bad(result: Result, dataset: Dataset) -> None:
    assert result.metrics["quality"] < 0.2
    assert result.metrics["alignment.overall_score"] < 0.3
    assert result.metrics["validation.mel_l1"] > 0.5 * dataset.baseline_mel_l1


def test_outputs_fit_the_held_out_set(result: Result, held_out: HeldOut) -> None:
    tokens = held_out.batch.text_lengths.tolist()
    for i, recording in enumerate(held_out.mels):
        frames = recording.shape[1]
        assert result.forced.mels[i].shape == recording.shape
        assert result.forced.mels_before_postnet[i].shape == recording.shape
        assert result.forced.alignments[i].shape == (-(-frames // 3), tokens[i])
        assert result.forced.gates[i].shape == (-(-frames // 3),)
        spoken = result.spoken.mels[i].shape[1]
        assert result.spoken.alignments[i].shape == (spoken // 3, tokens[i])
        longest = max(mel.shape[1] for mel in held_out.mels)
        assert spoken <= math.ceil(longest * 1.6 * 1.1) + 6
    np.testing.assert_allclose(result.forced.alignments[0].sum(axis=1), 1.0, atol=1e-5)


def test_speech_is_cut_where_it_stops(undropped: Make, held_out: HeldOut) -> None:
    model, batch = Tacotron2(undropped()).eval(), held_out.batch
    gate = model.decoder.gate_layer.linear_layer
    gate.bias.data.fill_(-100.0)
    memory, padding = model._encode(batch.text, batch.text_lengths)
    logits = model.decoder.infer(memory, padding, 20)[0].gate_outputs + 100.0
    gate.bias.data.fill_(-float(logits.max(dim=1).values.median() - 1e-4))
    spoken = free_running(model, held_out)
    steps = [mel.shape[1] // 3 for mel in spoken.mels]
    assert len(set(steps)) > 1
    tokens = batch.text_lengths.tolist()
    assert [a.shape for a in spoken.alignments] == list(zip(steps, tokens, strict=True))
    longest = max(mel.shape[1] for mel in held_out.mels)
    cap = math.ceil(longest * 1.6 * 1.1 / 3) + 1
    assert spoken.stopped == tuple(n < cap for n in steps)
    for alignment in spoken.alignments:
        np.testing.assert_allclose(alignment.sum(axis=1), 1.0, atol=1e-5)


def test_mels_are_unnormalised(result: Result, held_out: HeldOut) -> None:
    """In log-mels the loss of a model that says nothing is that of the mean, not of 0."""
    direct = np.concatenate(
        [f - m for f, m in zip(result.forced.mels, held_out.mels, strict=True)], 1
    )
    assert result.metrics["validation.mel_l1"] == pytest.approx(np.abs(direct).mean(), rel=1e-4)
    assert np.mean([m.mean() for m in result.forced.mels]) < -2.0


@pytest.mark.parametrize("training", [True, False])
def test_training_goes_on_undisturbed(
    model: Tacotron2, held_out: HeldOut, training: bool, result: Result
) -> None:
    model.train(training)
    torch.manual_seed(99)
    torch.rand(3)
    random, weights = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    again = evaluate(model, held_out)
    assert model.training is training
    assert all(m.training is training for m in model.modules())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(v, weights[k]) for k, v in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert again.metrics == result.metrics  # the prenet's dropout is drawn the same each time


def test_put_back_after_a_failure(tiny: Callable[..., HParams], held_out: HeldOut) -> None:
    model = Tacotron2(tiny()).train()
    random = torch.get_rng_state()
    model.decoder.linear_projection = torch.nn.Identity()
    with pytest.raises(RuntimeError):
        evaluate(model, held_out)
    assert model.training
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize(
    ("parameter", "what"),
    [
        ("postnet.convolutions.0.0.conv.weight", "teacher-forced mel"),
        ("decoder.attention_layer.v.linear_layer.weight", "teacher-forced mel"),
        ("embedding.weight", "teacher-forced mel"),
    ],
)
def test_what_is_not_finite_is_named(
    tiny: Callable[..., HParams], held_out: HeldOut, parameter: str, what: str
) -> None:
    model = Tacotron2(tiny())
    model.get_parameter(parameter).data.fill_(math.nan)
    with pytest.raises(NonFiniteOutputError, match=what):
        evaluate(model, held_out)


def test_every_reduction_factor(undropped: Callable[..., HParams], held_out: HeldOut) -> None:
    for r in (1, 2, 5):
        metrics = evaluate(Tacotron2(undropped(n_frames_per_step=r)), held_out).metrics
        assert set(metrics) == METRICS
