"""Each component changes a result: switched off, the result is another."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainer.data import BatchOrder, Dataset, collate
from trainer.data.loader import BatchLoader
from trainer.hparams import HParams
from trainer.losses.double_decoder import consistency_loss
from trainer.ranks import Ranks
from trainer.state import TrainingState
from trainer.step import Stepper, StepResult
from trainer.validation import HeldOut, evaluate

Make = Callable[..., HParams]
After = Callable[[TrainingState, StepResult], Any]

CPU = torch.device("cpu")
ALONE = Ranks(0, 1, CPU)


def train(
    dataset: Dataset, hparams: HParams, steps: int, rate: float, after: After = lambda s, r: None
) -> TrainingState:
    """A short run without files; ``after`` looks at each step."""
    state = TrainingState(hparams, ALONE, "")
    stepper = Stepper(state, dataset, hparams, ALONE)
    order = BatchOrder([i.n_frames for i in dataset.training], hparams.batch_size, hparams.seed)
    batches = BatchLoader(dataset, order, hparams).batches(0)
    for _ in range(steps):
        result = stepper.run(next(batches), rate * state.stability.adapter.factor)
        state.step += 1
        after(state, result)
    return state


def test_clipper_the_exploding_probes_largest_step(dataset: Dataset, tiny: Make) -> None:
    largest = {}
    for kind in ("norm", "none"):
        applied: list[float] = []

        def look(state: TrainingState, _: StepResult, into: list[float] = applied) -> None:
            gradients = [p.grad for p in state.model.parameters() if p.grad is not None]
            into.append(float(torch.nn.utils.get_total_norm(gradients)))

        train(dataset, tiny(learning_rate=0.3, grad_clip=kind), 15, 0.3, look)
        largest[kind] = max(applied)
    assert largest["norm"] <= 1.0 + 1e-4
    assert largest["none"] > 10.0


def test_guided_attention_steps_until_it_is_diagonal(
    dataset: Dataset, held_out: HeldOut, tiny: Make
) -> None:
    diagonal = {}
    for weight in (1.0, 0.0):
        seen: list[float] = []

        def look(state: TrainingState, _: StepResult, into: list[float] = seen) -> None:
            if state.step % 20 == 0:
                metrics = evaluate(state.model, held_out).metrics
                into.append(metrics["alignment.diagonal_score"])

        train(dataset, tiny(guide_loss_weight=weight, seed=2), 120, 6e-3, look)
        diagonal[weight] = seen
    assert max(diagonal[1.0]) > 0.7
    assert max(diagonal[0.0]) < 0.3


def test_ddc_the_gap_between_the_decoders_alignments(dataset: Dataset, tiny: Make) -> None:
    batch = collate(dataset.held_out, dataset.scale)
    gap = {}
    for weight in (1.0, 0.0):
        hparams = tiny(use_ddc=True, ddc_weight=weight, guide_loss_weight=0.0)
        state = train(dataset, hparams, 60, 6e-3)
        with torch.no_grad():
            state.model.eval()
            outputs = state.model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths)
        assert outputs.coarse is not None
        r = hparams.n_frames_per_step
        gap[weight] = float(
            consistency_loss(
                outputs.alignments, outputs.coarse.alignments, -(-batch.mel_lengths // r),
                batch.text_lengths, (r, hparams.ddc_r),
            )
        )  # fmt: skip
    assert gap[1.0] < 0.25 * gap[0.0]


@pytest.mark.slow
def test_adapter_the_final_loss_after_a_provoked_plateau(
    dataset: Dataset, held_out: HeldOut, tiny: Make
) -> None:
    """At a rate of 0.3 the loss stays where it is; only a lower rate gets on."""

    def final_loss(on: bool, seed: int) -> float:
        losses: list[float] = []

        def look(state: TrainingState, _: StepResult) -> None:
            if state.step % 4 == 0:
                losses.append(evaluate(state.model, held_out).metrics["validation.loss"])
                state.stability.adapter.after_evaluation(state.step, losses[-1])

        patience = {"lr_plateau_steps": 8, "lr_plateau_evaluations": 2}
        train(dataset, tiny(lr_adapter=on, seed=seed, **patience), 160, 0.3, look)
        return sum(losses[-5:]) / 5

    # One seed's luck is larger than the effect.
    final = {on: sum(final_loss(on, seed) for seed in (1, 2, 3)) for on in (True, False)}
    assert final[True] < 0.95 * final[False]
