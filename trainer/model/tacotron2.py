"""The whole model: text to mel spectrogram."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model.coarse_decoder import CoarseDecoder
from trainer.model.decoder import Decoder
from trainer.model.encoder import Encoder
from trainer.model.layers import length_mask
from trainer.model.outputs import SynthesisOutputs, TacotronOutputs
from trainer.model.postnet import Postnet
from trainer.model.recogniser import Recogniser
from trainer.model.style import GlobalStyle, TextPredictedStyle
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
        # Additions come last, so that the published parts start from the same random numbers.
        self.coarse_decoder = CoarseDecoder(hparams) if hparams.use_ddc else None
        self.recogniser = Recogniser(hparams, n_symbols) if hparams.use_mmi else None
        self.gst = GlobalStyle(hparams) if hparams.use_gst else None
        self.tpse = TextPredictedStyle(hparams) if hparams.use_gst else None

    def forward(
        self,
        text: Tensor,
        text_lengths: Tensor,
        mels: Tensor,
        mel_lengths: Tensor,
        teacher_mels: Tensor | None = None,
    ) -> TacotronOutputs:
        """Teacher forcing.

        Args:
            text: [B, N] int64 symbol ids.
            text_lengths: [B].
            mels: [B, n_mels, T], model units; also what the style is heard in.
            mel_lengths: [B] frames.
            teacher_mels: [B, n_mels, T], what the decoders are fed; None: ``mels``.
        """
        n_frames = mels.shape[2]
        r = self.hparams.n_frames_per_step
        teacher = mels if teacher_mels is None else teacher_mels
        memory, padding = self._encode(text, text_lengths)
        style = None if self.gst is None else self.gst(mels, mel_lengths)
        predicted_style = None if self.tpse is None else self.tpse(memory, text_lengths)
        memory = _styled(memory, style, padding)
        decoded = self.decoder(memory, F.pad(teacher, (0, -n_frames % r)), padding)
        mel_outputs = decoded.mel_outputs
        valid = length_mask(mel_lengths, mel_outputs.shape[2])  # [B, r·T']
        postnet = mel_outputs + self.postnet(mel_outputs, self._mask(valid))
        silent = ~valid.unsqueeze(1)
        beyond = ~length_mask(torch.ceil(mel_lengths / r), decoded.gate_outputs.shape[1])
        return TacotronOutputs(
            mel_outputs=mel_outputs.masked_fill(silent, 0.0)[:, :, :n_frames],
            mel_outputs_postnet=postnet.masked_fill(silent, 0.0)[:, :, :n_frames],
            gate_outputs=decoded.gate_outputs.masked_fill(beyond, _CLOSED_GATE),
            alignments=decoded.alignments,
            coarse=(
                None
                if self.coarse_decoder is None
                else self.coarse_decoder(memory, teacher, mel_lengths, padding)
            ),
            recognised=None if self.recogniser is None else self.recogniser(decoded.features),
            style=style,
            predicted_style=predicted_style,
        )

    @torch.no_grad()
    def infer(
        self,
        text: Tensor,
        text_lengths: Tensor,
        max_decoder_steps: int | None = None,
        style: Tensor | None = None,
    ) -> SynthesisOutputs:
        """Free-running synthesis of a padded batch.

        Args:
            text: [B, N] int64 symbol ids.
            text_lengths: [B].
            max_decoder_steps: the cap; None: the hparam.
            style: [B or 1, encoder_embedding_dim], of :meth:`style_of` or
                :meth:`style_of_tokens`; None: as the text suggests, where the model has styles.

        Raises:
            BadInputError: a style for a model without.
        """
        max_steps = max_decoder_steps or self.hparams.max_decoder_steps
        memory, padding = self._encode(text, text_lengths, alone=True)
        if style is not None:
            self._global_style()
        elif self.tpse is not None:
            style = self.tpse(memory, text_lengths)
        memory = _styled(memory, style, padding)
        decoded, stop_step = self.decoder.infer(memory, padding, max_steps)
        steps = stop_step.clamp(max=max_steps)
        mel_lengths = steps * self.hparams.n_frames_per_step
        valid = length_mask(mel_lengths, decoded.mel_outputs.shape[2])
        # Batch mates that stop later must not lend their frames to the convolutions.
        mel = decoded.mel_outputs
        return SynthesisOutputs(
            mel_outputs_postnet=mel + self.postnet(mel, valid),
            mel_lengths=mel_lengths,
            alignments=decoded.alignments,
            stopped=stop_step <= max_steps,
        )

    @torch.no_grad()
    def style_of(self, mels: Tensor, mel_lengths: Tensor) -> Tensor:
        """The styles heard in recordings, for :meth:`infer`.

        Args:
            mels: [B, n_mels, T], model units.
            mel_lengths: [B] frames, at least 1.

        Returns:
            [B, encoder_embedding_dim].

        Raises:
            BadInputError: the model has no styles.
        """
        style: Tensor = self._global_style()(mels, mel_lengths)
        return style

    @torch.no_grad()
    def style_of_tokens(self, weights: Tensor) -> Tensor:
        """The style that token weights [n_tokens] or [B, n_tokens] mix: [1 or B, E].

        Raises:
            BadInputError: the model has no styles, or another number of tokens.
        """
        return self._global_style().of_tokens(weights.reshape(-1, weights.shape[-1]))

    def _global_style(self) -> GlobalStyle:
        if self.gst is None:
            raise BadInputError(
                "this voice has no style tokens (use_gst=False); train one with use_gst=True"
            )
        return self.gst

    def _encode(
        self, text: Tensor, text_lengths: Tensor, *, alone: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Memory and padding; ``alone``: as the published model reads one text at a time."""
        valid = length_mask(text_lengths, text.shape[1])
        mask = valid if alone else self._mask(valid)
        return self.encoder(self.embedding(text), text_lengths, mask), ~valid

    def _mask(self, valid: Tensor) -> Tensor | None:
        return valid if self.hparams.padding == "masked" else None


def _styled(memory: Tensor, style: Tensor | None, padding: Tensor) -> Tensor:
    """Memory [B, N, E] with the style [B or 1, E] on every valid token."""
    if style is None:
        return memory
    return memory + style.unsqueeze(1).masked_fill(padding.unsqueeze(2), 0.0)
