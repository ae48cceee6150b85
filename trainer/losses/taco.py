"""The mel reconstruction loss (Shen et al. 2018, arXiv 1712.05884)."""

from torch import Tensor
from torch.nn import functional as F

from trainer.model.layers import length_mask


def masked_mse(
    outputs: Tensor, targets: Tensor, lengths: Tensor, n_frames: int | None = None
) -> Tensor:
    """Mean squared error over the valid frames of [B, n_mels, T], lengths [B].

    Args:
        outputs: [B, n_mels, T].
        targets: [B, n_mels, T].
        lengths: [B] valid frames.
        n_frames: frames to take the mean over; None: those of ``lengths``.
    """
    mask = length_mask(lengths, targets.shape[2]).unsqueeze(1)  # [B, 1, T]
    squared = F.mse_loss(outputs, targets, reduction="none").masked_fill(~mask, 0.0)
    count = lengths.sum() if n_frames is None else n_frames
    return squared.sum() / (count * targets.shape[1])


def taco_loss(
    mel: Tensor,
    mel_postnet: Tensor,
    targets: Tensor,
    lengths: Tensor,
    n_frames: int | None = None,
) -> Tensor:
    """Masked MSE before the postnet plus masked MSE after it; as :func:`masked_mse`."""
    return masked_mse(mel, targets, lengths, n_frames) + masked_mse(
        mel_postnet, targets, lengths, n_frames
    )
