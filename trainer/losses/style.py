"""The style that the text suggests against the style that was spoken (arXiv 1808.01410)."""

from torch import Tensor


def style_loss(predicted: Tensor, style: Tensor, n_utterances: int | None = None) -> Tensor:
    """L1, mean over dimensions, then over utterances; ``style`` gets no gradient.

    Args:
        predicted: [B, encoder_embedding_dim], from the text alone.
        style: [B, encoder_embedding_dim], the style tokens' embedding of the reference.
        n_utterances: utterances to take the mean over; None: B.
    """
    distances = (predicted - style.detach()).abs().mean(dim=1)  # [B]
    return distances.sum() / (n_utterances or len(predicted))
