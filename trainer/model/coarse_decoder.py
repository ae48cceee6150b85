"""The coarse decoder of double decoder consistency (Gölge 2020, Coqui TTS "DDC").

With more frames a step it aligns sooner, because copying the frame before helps it less; the fine
decoder then learns to agree with it. It lives in training alone and never speaks.
"""

from torch import Tensor
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.decoder import FrameDecoder
from trainer.model.layers import length_mask
from trainer.model.outputs import CoarseOutputs


class CoarseDecoder(FrameDecoder):
    """Makes ``ddc_r`` frames a step; no gate, which would be a parameter that no loss reaches."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__(hparams.model_copy(update={"n_frames_per_step": hparams.ddc_r}))

    def forward(
        self, memory: Tensor, mels: Tensor, mel_lengths: Tensor, padding: Tensor | None
    ) -> CoarseOutputs:
        """Teacher forcing on the fine decoder's memory.

        Args:
            memory: [B, N, encoder_embedding_dim].
            mels: [B, n_mels, T], model units, T of any length.
            mel_lengths: [B] frames.
            padding: [B, N] bool, True on padding tokens, or None.
        """
        n_frames = mels.shape[2]
        mels = F.pad(mels, (0, -n_frames % self.hparams.n_frames_per_step))
        features, alignments = self._forced(memory, mels, padding)
        silent = ~length_mask(mel_lengths, n_frames).unsqueeze(1)  # [B, 1, T]
        mel = self._frames(features)[:, :, :n_frames].masked_fill(silent, 0.0)
        return CoarseOutputs(mel, alignments)
