"""One optimiser step on one effective batch: micro-batches, precision, clipping."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from trainer.data import Batch, Dataset
from trainer.data.frame_dropping import drop_frames
from trainer.data.loader import EffectiveBatch
from trainer.hparams import HParams
from trainer.losses import LossTerms, training_loss
from trainer.losses.adaptive_factor import adaptive_factor, shared_parameters
from trainer.losses.pool import Pool
from trainer.model import Tacotron2, TacotronOutputs
from trainer.model.layers import full_precision
from trainer.model.outputs import CoarseOutputs
from trainer.optimizer import set_learning_rate
from trainer.ranks import Ranks
from trainer.state import TrainingState

_TERMS = ("loss", "taco", "atten", "gate", "guide", "mmi", "emb")
_SUMMED = (*_TERMS, "ctc")


@dataclass(frozen=True)
class StepResult:
    """What one step did."""

    terms: Mapping[str, float]
    """``train.*`` of METRICS, over the effective batch."""
    norm: float
    """Of the gradient, before clipping."""
    skipped: bool
    """The loss scaler left the step out."""

    @property
    def not_finite(self) -> tuple[str, float] | None:
        """The quantity that is NaN or infinite, and its value; the model was not changed."""
        loss = self.terms["train.loss"]
        if not math.isfinite(loss):
            return "train.loss", loss
        if not self.skipped and not math.isfinite(self.norm):
            return "gradient.norm", self.norm
        return None


class Stepper:
    """Takes steps; what changes from step to step is in the :class:`TrainingState`."""

    def __init__(
        self, state: TrainingState, dataset: Dataset, hparams: HParams, ranks: Ranks
    ) -> None:
        self._state, self._hparams, self._ranks = state, hparams, ranks
        self._scale = dataset.scale
        mean = torch.from_numpy(dataset.mean_mel).float()
        self._mean_frame = dataset.scale.normalise(mean).to(ranks.device)  # [n_mels]
        self._shared = shared_parameters(state.model) if hparams.use_mmi else []

    def run(self, batch: EffectiveBatch, rate: float) -> StepResult:
        """One step at ``rate``; where loss or gradient is not finite, nothing is changed."""
        state = self._state
        set_learning_rate(state.optimizer, rate)
        state.optimizer.zero_grad(set_to_none=True)
        state.model.train()
        sums = self._accumulate(batch)
        self._ranks.sum_gradients(state.model)
        state.precision.unscale(state.optimizer)
        parameters = list(state.model.parameters())
        norm = state.stability.clipper.clip(parameters)
        result = StepResult(
            {f"train.{name}": sums[name] for name in _TERMS},
            norm,
            skipped=not math.isfinite(norm) and state.precision.may_skip(),
        )
        if result.not_finite is None:
            state.precision.step(state.optimizer)
            self._ranks.average_buffers(state.model)
        return result

    def _accumulate(self, batch: EffectiveBatch) -> dict[str, float]:
        """Gradients of all micro-batches, summed; the terms, summed over ranks too."""
        state, hparams = self._state, self._hparams
        due = hparams.use_mmi and state.step % hparams.gaf_interval == 0
        renews = due and batch.pool.ctc_utterances > 0
        measured = _Measured(state.model, self._shared) if renews else None
        totals = torch.zeros(len(_SUMMED), dtype=torch.float64, device=self._ranks.device)
        for micro in batch.micro_batches:
            moved = micro.to(self._ranks.device)
            terms = self.loss(moved, batch.pool, gaf=0.0 if measured else state.gaf)
            if measured:
                measured.add(state.precision.scale(terms.taco), state.precision.scale(terms.ctc))
            state.precision.scale(terms.loss).backward()  # type: ignore[no-untyped-call]
            totals += torch.stack([getattr(terms, name).detach() for name in _SUMMED])
        sums = dict(zip(_SUMMED, self._ranks.sum_numbers(totals.tolist()), strict=True))
        if measured:
            state.gaf = measured.apply(hparams, self._ranks)
            sums["mmi"] = state.gaf * sums["ctc"]
            sums["loss"] += hparams.mmi_loss_weight * sums["mmi"]
        return sums

    def loss(self, batch: Batch, pool: Pool | None = None, gaf: float = 0.0) -> LossTerms:
        """The loss of one micro-batch on the device: model in autocast, losses in float32."""
        hparams, model = self._hparams, self._state.model
        teacher = None
        if hparams.drop_frame_rate:
            teacher = drop_frames(
                batch.mels, batch.mel_lengths, self._mean_frame, hparams.drop_frame_rate
            )
        with self._state.precision.autocast():
            outputs = model(batch.text, batch.text_lengths, batch.mels, batch.mel_lengths, teacher)
        return training_loss(
            in_full_precision(outputs), batch, hparams, self._scale,
            step=self._state.step, gaf=gaf, pool=pool,
        )  # fmt: skip


class _Measured:
    """The gradients of mel loss and recogniser, apart, over the effective batch (MMI)."""

    def __init__(self, model: Tacotron2, shared: Sequence[nn.Parameter]) -> None:
        self._all = list(model.parameters())
        self._shared = list(shared)
        self._taco = [torch.zeros_like(parameter) for parameter in self._shared]
        self._ctc = [torch.zeros_like(parameter) for parameter in self._all]

    def add(self, taco: Tensor, ctc: Tensor) -> None:
        """Another micro-batch's; their graph is kept for the backward pass."""
        _add(self._taco, taco, self._shared)
        _add(self._ctc, ctc, self._all)

    def apply(self, hparams: HParams, ranks: Ranks) -> float:
        """Add the recogniser's gradient to the model's; the factor that weighs it."""
        taco = [gradient.clone() for gradient in self._taco]
        chosen = {id(parameter) for parameter in self._shared}
        pairs = zip(self._all, self._ctc, strict=True)
        ctc = [gradient.clone() for parameter, gradient in pairs if id(parameter) in chosen]
        ranks.sum_tensors([*taco, *ctc])
        norms = [float(torch.nn.utils.get_total_norm(gradients)) for gradients in (taco, ctc)]
        factor = adaptive_factor(norms[0], norms[1], hparams.max_gaf)
        for parameter, gradient in zip(self._all, self._ctc, strict=True):
            weighted = hparams.mmi_loss_weight * factor * gradient
            parameter.grad = weighted if parameter.grad is None else parameter.grad + weighted
        return factor


def _add(sums: list[Tensor], loss: Tensor, parameters: list[nn.Parameter]) -> None:
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    for total, gradient in zip(sums, gradients, strict=True):
        if gradient is not None:
            total += gradient


def in_full_precision(outputs: TacotronOutputs) -> TacotronOutputs:
    """``outputs`` with every half-precision tensor as float32."""
    coarse = outputs.coarse
    if coarse is not None:
        coarse = replace(coarse, **_full(coarse))
    return replace(outputs, coarse=coarse, **_full(outputs))


def _full(outputs: TacotronOutputs | CoarseOutputs) -> dict[str, Any]:
    """The tensors among the fields, by name."""
    values = {field.name: getattr(outputs, field.name) for field in fields(outputs)}
    return {n: full_precision(v) for n, v in values.items() if isinstance(v, Tensor)}
