"""The whole model: text to mel spectrogram."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.hparams import HParams
from trainer.model.decoder import Decoder
from trainer.model.encoder import Encoder
from trainer.model.layers import length_mask
from trainer.model.outputs import SynthesisOutputs, TacotronOutputs
from trainer.model.postnet import Postnet
from trainer.text import symbol_table

_CLOSED_GATE = 1e3  # what the published model puts on padding's stop logits


class Tacotron2(nn.Module):
    """Shen et al. 2018, arXiv 1712.05884; mels in model units throughout (METRICS)."""

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.hparams = hparams
        n_symbols = len(symbol_table(hparams.symbols))
        self.embedding = nn.Embedding(n_symbols, hparams.symbols_embedding_dim)
        bound = math.sqrt(3.0) * math.sqrt(2.0 / (n_symbols + hparams.symbols_embedding_dim))
        nn.init.uniform_(self.embedding.weight, -bound, bound)
        self.encoder = Encoder(hparams)
        self.decoder = Decoder(hparams)
        self.postnet = Postnet(hparams)

    def forward(
        self, text: Tensor, text_lengths: Tensor, mels: Tensor, mel_lengths: Tensor
    ) -> TacotronOutputs:
        """Teacher forcing.

        Args:
            text: [B, N] int64 symbol ids.
            text_lengths: [B].
            mels: [B, n_mels, T], model units.
            mel_lengths: [B] frames.
        """
        n_frames = mels.shape[2]
        r = self.hparams.n_frames_per_step
        mels = F.pad(mels, (0, -n_frames % r))
        memory, padding = self._encode(text, text_lengths)
        decoded = self.decoder(memory, mels, padding)
        valid = length_mask(mel_lengths, mels.shape[2])  # [B, r·T']
        mel_outputs = decoded.mel_outputs
        postnet = mel_outputs + self.postnet(mel_outputs, self._mask(valid))
        silent = ~valid.unsqueeze(1)
        beyond = ~length_mask(torch.ceil(mel_lengths / r), decoded.gate_outputs.shape[1])
        return TacotronOutputs(
            mel_outputs=mel_outputs.masked_fill(silent, 0.0)[:, :, :n_frames],
            mel_outputs_postnet=postnet.masked_fill(silent, 0.0)[:, :, :n_frames],
            gate_outputs=decoded.gate_outputs.masked_fill(beyond, _CLOSED_GATE),
            alignments=decoded.alignments,
        )

    @torch.no_grad()
    def infer(
        self, text: Tensor, text_lengths: Tensor, max_decoder_steps: int | None = None
    ) -> SynthesisOutputs:
        """Free-running synthesis of a padded batch: text [B, N], text_lengths [B]."""
        max_steps = max_decoder_steps or self.hparams.max_decoder_steps
        memory, padding = self._encode(text, text_lengths)
        decoded, stop_step = self.decoder.infer(memory, padding, max_steps)
        steps = stop_step.clamp(max=max_steps)
        mel_lengths = steps * self.hparams.n_frames_per_step
        valid = length_mask(mel_lengths, decoded.mel_outputs.shape[2])
        # Batch mates that stop later must not lend their frames to the convolutions.
        mel = decoded.mel_outputs
        return SynthesisOutputs(
            mel_outputs_postnet=mel + self.postnet(mel, self._mask(valid)),
            mel_lengths=mel_lengths,
            alignments=decoded.alignments,
            stopped=stop_step <= max_steps,
        )

    def _encode(self, text: Tensor, text_lengths: Tensor) -> tuple[Tensor, Tensor]:
        valid = length_mask(text_lengths, text.shape[1])
        memory = self.encoder(self.embedding(text), text_lengths, self._mask(valid))
        return memory, ~valid

    def _mask(self, valid: Tensor) -> Tensor | None:
        return valid if self.hparams.padding == "masked" else None
