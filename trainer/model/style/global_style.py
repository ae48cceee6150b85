"""The style of a recording, as it is added to the encoder's memory."""

from torch import Tensor, nn

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model.style.reference_encoder import ReferenceEncoder
from trainer.model.style.style_tokens import StyleTokens


class GlobalStyle(nn.Module):
    """Wang et al. 2018, arXiv 1803.09017: reference encoder, then style tokens.

    A projection brings the embedding to encoder_embedding_dim, to be added to every state of the
    text encoder, which the paper found to be the best site (section 3.2). So no published shape
    changes. The projection starts at 0: a model that was warm-started speaks at first exactly as
    it did without styles.
    """

    def __init__(self, hparams: HParams) -> None:
        super().__init__()
        self.reference_encoder = ReferenceEncoder(hparams)
        self.style_tokens = StyleTokens(hparams)
        self.projection = nn.Linear(
            hparams.gst_token_dim, hparams.encoder_embedding_dim, bias=False
        )
        nn.init.zeros_(self.projection.weight)

    def forward(self, mels: Tensor, mel_lengths: Tensor) -> Tensor:
        """The styles of recordings.

        Args:
            mels: [B, n_mels, T], model units.
            mel_lengths: [B] frames.

        Returns:
            [B, encoder_embedding_dim].
        """
        reference = self.reference_encoder(mels, mel_lengths)
        style: Tensor = self.projection(self.style_tokens(reference))
        return style

    def of_tokens(self, weights: Tensor) -> Tensor:
        """The styles that ``weights`` [B, n_tokens] mix, alike in every head: [B, E].

        Weights of a recording are positive and sum to 1; others exaggerate.

        Raises:
            BadInputError: not one weight a token.
        """
        n_tokens = len(self.style_tokens.tokens)
        if weights.shape[-1] != n_tokens:
            raise BadInputError(
                f"{weights.shape[-1]} token weights: this voice has gst_n_tokens={n_tokens}; "
                "give one weight a token"
            )
        by_head = weights.unsqueeze(1).expand(-1, self.style_tokens.n_heads, -1)
        style: Tensor = self.projection(self.style_tokens.mix(by_head))
        return style
