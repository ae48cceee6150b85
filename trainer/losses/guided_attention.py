"""Guided attention: speech goes through its text from left to right, at an even pace.

Tachibana et al. 2017, arXiv 1710.08969, section 4.1; and a variant that asks for the diagonal's
own distribution, by Kullback-Leibler divergence.
"""

from typing import Literal

import torch
from torch import Tensor

from trainer.hparams import HParams
from trainer.model.layers import length_mask

_LEAST_ATTENTION = 1e-8


def guide_weight(hparams: HParams, step: int) -> float:
    """The loss's weight at the 0-based ``step``.

    ``guide_loss_weight``; from ``guide_decay_start`` on it falls linearly, to 0 at
    ``guide_stop_step``. Without a decay it is constant until there, and 0 from there on.
    """
    weight, stop = hparams.guide_loss_weight, hparams.guide_stop_step
    if stop is None:
        return weight
    if step >= stop:
        return 0.0
    start = hparams.guide_decay_start
    if start is None or step <= start:
        return weight
    return weight * (stop - step) / (stop - start)


def guided_attention_loss(
    alignments: Tensor,
    step_lengths: Tensor,
    text_lengths: Tensor,
    g: float,
    kind: Literal["tachibana", "kl"] = "tachibana",
    n_utterances: int | None = None,
) -> Tensor:
    """Mean over an utterance's steps, then over utterances.

    ``tachibana``: Σ_n A·W with W = 1 - exp(-(n/N - t/T)²/2g²). ``kl``: Σ_n P·log(P/max(A, 1e-8))
    with P ∝ exp(-(n/N - t/T)²/2g²), rows normalised.

    Args:
        alignments: A, [B, T', N].
        step_lengths: [B] valid decoder steps, T.
        text_lengths: [B] valid tokens, N.
        g: the diagonal's width, in shares of the text.
        kind: which of the two.
        n_utterances: utterances to take the mean over; None: B.
    """
    valid = length_mask(step_lengths, alignments.shape[1])[:, :, None] & length_mask(
        text_lengths, alignments.shape[2]
    ).unsqueeze(1)
    exponents = _exponents(step_lengths, text_lengths, alignments.shape, g)
    attention = alignments.masked_fill(~valid, 0.0)
    terms = attention * (1.0 - torch.exp(exponents))
    if kind == "kl":
        terms = _divergence(exponents, attention, text_lengths)
    sums = terms.masked_fill(~valid, 0.0).sum(dim=(1, 2))  # [B]
    return (sums / step_lengths).sum() / (n_utterances or len(alignments))


def _exponents(step_lengths: Tensor, text_lengths: Tensor, shape: torch.Size, g: float) -> Tensor:
    """-(n/N - t/T)²/2g² as [B, T', N]; ``shape`` is A's."""
    steps = torch.arange(shape[1], device=text_lengths.device)
    tokens = torch.arange(shape[2], device=text_lengths.device)
    t = steps[None, :, None] / step_lengths[:, None, None]
    n = tokens[None, None, :] / text_lengths[:, None, None]
    return -((n - t) ** 2) / (2.0 * g * g)


def _divergence(exponents: Tensor, attention: Tensor, text_lengths: Tensor) -> Tensor:
    """P·log(P/A) [B, T', N]; what it holds on padding has no meaning."""
    padding = ~length_mask(text_lengths, exponents.shape[2]).unsqueeze(1)
    # A softmax: with a narrow diagonal every exponential of a row may be 0.
    log_p = exponents.masked_fill(padding, -torch.inf).log_softmax(dim=2)
    return log_p.exp() * (log_p - attention.clamp(min=_LEAST_ATTENTION).log())
