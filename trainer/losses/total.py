"""The weighted sum that training minimises, with its terms kept apart for the report."""

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.data.batch import Batch
from trainer.data.mel_scale import MelScale
from trainer.hparams import HParams
from trainer.losses.ctc import ctc_loss, feasible
from trainer.losses.double_decoder import consistency_loss
from trainer.losses.gate import gate_loss
from trainer.losses.guided_attention import guide_weight, guided_attention_loss
from trainer.losses.pool import Pool
from trainer.losses.style import style_loss
from trainer.losses.taco import masked_mse, taco_loss
from trainer.model import TacotronOutputs


@dataclass(frozen=True)
class LossTerms:
    """Scalar tensors, before their weights; a term that is off is 0."""

    loss: Tensor
    """The weighted sum."""
    taco: Tensor
    """On unnormalised log-mels."""
    atten: Tensor
    """Double decoder consistency, and the coarse decoder's mels."""
    gate: Tensor
    guide: Tensor
    mmi: Tensor
    """``ctc`` times the adaptive factor."""
    emb: Tensor
    ctc: Tensor
    """Nats per decoder step."""
    ctc_skipped: int
    """Utterances that are too short for their text's CTC."""


def training_loss(
    outputs: TacotronOutputs,
    batch: Batch,
    hparams: HParams,
    scale: MelScale,
    *,
    step: int = 0,
    gaf: float = 0.0,
    pool: Pool | None = None,
) -> LossTerms:
    """The loss of one micro-batch; mels are compared in log-mel units, whatever the model's.

    Args:
        outputs: of the model under teacher forcing.
        batch: what it was given.
        hparams: weights and shapes of the terms.
        scale: between model units and log-mels.
        step: the 0-based step, for the guide's schedule.
        gaf: the gradient adaptive factor of ``mmi``.
        pool: counts of the effective batch, over which means are taken; None: of ``batch``.
    """
    counts = pool or _pool_of(batch, hparams.n_frames_per_step)
    steps = torch.ceil(batch.mel_lengths / hparams.n_frames_per_step).long()  # [B]
    taco = scale.deviation**2 * taco_loss(
        outputs.mel_outputs, outputs.mel_outputs_postnet, batch.mels, batch.mel_lengths,
        counts.frames,
    )  # fmt: skip
    gate = gate_loss(outputs.gate_outputs, steps, hparams.gate_positive_weight, counts.steps)
    guide = guided_attention_loss(
        outputs.alignments, steps, batch.text_lengths, hparams.guide_g, hparams.guide_kind,
        counts.utterances,
    )  # fmt: skip
    atten = _atten(outputs, batch, hparams, scale, steps, counts)
    ctc, ctc_skipped = _ctc(outputs, batch, steps, counts)
    mmi, emb = gaf * ctc, _emb(outputs, counts)
    # A weight of 0 keeps its term in the graph, so that each parameter always has a gradient.
    loss = (
        hparams.taco_loss_weight * taco
        + hparams.atten_loss_weight * atten
        + hparams.gate_loss_weight * gate
        + guide_weight(hparams, step) * guide
        + hparams.mmi_loss_weight * mmi
        + hparams.emb_loss_weight * emb
    )
    return LossTerms(loss, taco, atten, gate, guide, mmi, emb, ctc, ctc_skipped)


def _pool_of(batch: Batch, n_frames_per_step: int) -> Pool:
    lengths = batch.text_lengths.tolist()
    rows = zip(batch.text.tolist(), lengths, strict=True)
    return Pool.of([row[:n] for row, n in rows], batch.mel_lengths.tolist(), n_frames_per_step)


def _atten(
    outputs: TacotronOutputs,
    batch: Batch,
    hparams: HParams,
    scale: MelScale,
    steps: Tensor,
    counts: Pool,
) -> Tensor:
    """Without its own mel loss the coarse decoder would learn nothing but to agree."""
    if outputs.coarse is None:
        return outputs.mel_outputs.new_zeros(())
    mel = scale.deviation**2 * masked_mse(
        outputs.coarse.mel_outputs, batch.mels, batch.mel_lengths, counts.frames
    )
    ddc = consistency_loss(
        outputs.alignments, outputs.coarse.alignments, steps, batch.text_lengths,
        (hparams.n_frames_per_step, hparams.ddc_r), counts.utterances,
    )  # fmt: skip
    return hparams.ddc_coarse_weight * mel + hparams.ddc_weight * ddc


def _ctc(outputs: TacotronOutputs, batch: Batch, steps: Tensor, counts: Pool) -> tuple[Tensor, int]:
    """The pooled loss, and how many utterances of this batch are left out."""
    if outputs.recognised is None:
        return outputs.mel_outputs.new_zeros(()), 0
    ctc = ctc_loss(outputs.recognised, batch.text, batch.text_lengths, steps, counts.ctc_utterances)
    return ctc, int((~feasible(batch.text, batch.text_lengths, steps)).sum())


def _emb(outputs: TacotronOutputs, counts: Pool) -> Tensor:
    if outputs.style is None or outputs.predicted_style is None:
        return outputs.mel_outputs.new_zeros(())
    return style_loss(outputs.predicted_style, outputs.style, counts.utterances)
