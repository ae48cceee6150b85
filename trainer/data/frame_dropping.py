"""Frame dropping: the teacher stays silent now and then (Liu et al. 2019, arXiv 1909.01145)."""

import torch
from torch import Tensor

from trainer.model.layers import length_mask


def drop_frames(mels: Tensor, mel_lengths: Tensor, mean_frame: Tensor, rate: float) -> Tensor:
    """What the decoder is fed in place of ``mels``: some frames tell nothing but the average.

    A decoder that can't rely on the frame before has to listen to the text. Of each decoder step
    one frame alone is fed to the next step, its last, so that frames drawn one by one withhold
    the same share of steps at every reduction factor. Both decoders of a model miss the same
    frames.

    Args:
        mels: [B, n_mels, T], model units; not changed.
        mel_lengths: [B] frames; padding is never dropped.
        mean_frame: [n_mels], the training set's mean frame in model units.
        rate: the probability of each frame, drawn from torch's global random numbers.

    Returns:
        [B, n_mels, T].
    """
    batch, _, n_frames = mels.shape
    dropped = torch.rand(batch, n_frames, device=mels.device) < rate
    dropped &= length_mask(mel_lengths, n_frames)
    return torch.where(dropped.unsqueeze(1), mean_frame.to(mels).unsqueeze(1), mels)
