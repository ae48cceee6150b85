"""The weighted sum that training minimises, with its terms kept apart for the report."""

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.data import Batch, MelScale
from trainer.hparams import HParams
from trainer.losses.gate import gate_loss
from trainer.losses.guided_attention import guided_attention_loss
from trainer.losses.taco import taco_loss
from trainer.model import TacotronOutputs


@dataclass(frozen=True)
class LossTerms:
    """Scalar tensors; ``loss`` = 0.4·taco + 0.3·gate + guide_loss_weight·guide."""

    loss: Tensor
    taco: Tensor
    """On unnormalised log-mels."""
    gate: Tensor
    guide: Tensor


def training_loss(
    outputs: TacotronOutputs, batch: Batch, hparams: HParams, scale: MelScale
) -> LossTerms:
    """The loss of one batch; mels are compared in log-mel units, whatever the model's."""
    step_lengths = torch.ceil(batch.mel_lengths / hparams.n_frames_per_step).long()
    taco = scale.deviation**2 * taco_loss(
        outputs.mel_outputs, outputs.mel_outputs_postnet, batch.mels, batch.mel_lengths
    )
    gate = gate_loss(outputs.gate_outputs, step_lengths, hparams.gate_positive_weight)
    guide = guided_attention_loss(
        outputs.alignments, step_lengths, batch.text_lengths, hparams.guide_g
    )
    loss = 0.4 * taco + 0.3 * gate + hparams.guide_loss_weight * guide
    return LossTerms(loss=loss, taco=taco, gate=gate, guide=guide)
