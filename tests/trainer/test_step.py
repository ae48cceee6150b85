"""One optimiser step: micro-batches, precision, the recogniser's factor."""

import math
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.data import BatchOrder, Dataset
from trainer.data.loader import BatchLoader
from trainer.hparams import HParams
from trainer.ranks import Ranks
from trainer.state import TrainingState
from trainer.step import Stepper

Make = Callable[..., HParams]

gradients = runpy.run_path(str(Path(__file__).parent / "gradients.py"))["gradients"]
ALONE = Ranks(0, 1, torch.device("cpu"))
EXTRAS = {"use_ddc": True, "use_mmi": True, "use_gst": True}


def taker(dataset: Dataset, hparams: HParams) -> tuple[Stepper, TrainingState, Any]:
    state = TrainingState(hparams, ALONE, "")
    order = BatchOrder([i.n_frames for i in dataset.training], hparams.batch_size, hparams.seed)
    batches = BatchLoader(dataset, order, hparams).batches(0)
    return Stepper(state, dataset, hparams, ALONE), state, batches


@pytest.mark.parametrize("extras", [{}, EXTRAS], ids=["published", "extras"])
@pytest.mark.parametrize("padding", ["masked", "published"])
@pytest.mark.parametrize("micro", [1, 3])
def test_micro_batches_have_the_gradient_of_the_whole(
    small_corpus: Path, cache_dir: Path, undropped: Make, extras: Any, padding: Any, micro: int
) -> None:
    hparams = undropped(batch_size=8, padding=padding, **extras)
    split = undropped(batch_size=8, padding=padding, micro_batch_size=micro, **extras)
    whole = gradients(small_corpus, cache_dir, hparams, ALONE)
    parts = gradients(small_corpus, cache_dir, split, ALONE)
    assert whole.keys() == parts.keys()
    assert len(whole) > 40
    for name, gradient in whole.items():
        norm = float(gradient.norm())
        assert float((parts[name] - gradient).norm()) <= 1e-5 * max(norm, 1e-2), name


def test_batch_norm_in_training_sees_the_micro_batch(
    small_corpus: Path, cache_dir: Path, undropped: Make
) -> None:
    one, other = (
        gradients(small_corpus, cache_dir, undropped(batch_size=8, **split), ALONE, True)
        for split in ({}, {"micro_batch_size": 2})
    )
    assert not torch.allclose(one["loss"], other["loss"], rtol=1e-5)
    assert torch.allclose(one["loss"], other["loss"], rtol=0.3)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_like_float32(dataset: Dataset, tiny: Make, precision: Any) -> None:
    losses = {}
    for name in ("fp32", precision):
        stepper, state, batches = taker(dataset, tiny(precision=name, **EXTRAS))
        results = [stepper.run(next(batches), 3e-3) for _ in range(12)]
        losses[name] = [r.terms["train.taco"] for r in results if not r.skipped]
        assert all(p.dtype == torch.float32 for p in state.model.parameters())
    assert losses[precision][0] == pytest.approx(losses["fp32"][0], rel=0.05)
    assert losses[precision][-1] < 0.8 * losses[precision][0]
    assert losses[precision] != losses["fp32"][: len(losses[precision])]


def test_a_scale_too_large_skips_the_step_and_shrinks(dataset: Dataset, tiny: Make) -> None:
    stepper, state, batches = taker(dataset, tiny(precision="fp16"))
    state.precision.scaler.load_state_dict(
        {**state.precision.scaler.state_dict(), "scale": 2.0**40}
    )
    before = [p.detach().clone() for p in state.model.parameters()]
    result = stepper.run(next(batches), 3e-3)
    assert result.skipped
    assert result.not_finite is None
    assert not math.isfinite(result.norm)
    assert all(torch.equal(a, b) for a, b in zip(before, state.model.parameters(), strict=True))
    assert state.precision.scaler.get_scale() == 2.0**39


def test_the_recognisers_factor_is_measured_and_kept(dataset: Dataset, tiny: Make) -> None:
    hparams = tiny(use_mmi=True, max_gaf=0.3, gaf_interval=3)
    stepper, state, batches = taker(dataset, hparams)
    factors = []
    for step in range(4):
        state.step = step
        stepper.run(next(batches), 3e-3)
        factors.append(state.gaf)
    assert 0 < factors[0] <= 0.3
    assert factors[0] == factors[1] == factors[2]


def test_a_measured_step_has_the_gradient_of_an_unmeasured_one(
    small_corpus: Path, cache_dir: Path, undropped: Make, dataset: Dataset
) -> None:
    hparams = undropped(use_mmi=True, max_gaf=0.3)
    stepper, state, batches = taker(dataset, hparams)
    batch = next(batches)
    state.model.train()
    stepper._accumulate(batch)  # step 0 measures
    measured = {n: p.grad.clone() for n, p in state.model.named_parameters() if p.grad is not None}
    state.optimizer.zero_grad()
    state.step = 1
    stepper._accumulate(batch)
    for name, parameter in state.model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, measured[name], rtol=1e-3, atol=1e-5)
