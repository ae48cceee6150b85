"""Multi-head attention over style tokens, and token weights chosen by hand."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainer.exit_codes import BadInputError
from trainer.model.style import GlobalStyle, StyleTokens

Make = Callable[..., Any]


def test_heads_mix_all_tokens_with_weights_that_sum_to_one(tiny: Make) -> None:
    hparams = tiny(gst_n_tokens=5, gst_token_dim=12, gst_n_heads=3)
    tokens = StyleTokens(hparams)
    assert tokens.tokens.shape == (5, 4)
    weights = tokens.weights(torch.randn(2, hparams.gst_reference_dim))
    assert weights.shape == (2, 3, 5)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 3))
    assert not torch.allclose(weights[:, 0], weights[:, 1])


def test_attention_by_hand(tiny: Make) -> None:
    hparams = tiny(gst_n_tokens=3, gst_token_dim=4, gst_n_heads=2, gst_reference_dim=5)
    tokens = StyleTokens(hparams)
    reference = torch.randn(2, 5)
    bank = torch.tanh(tokens.tokens)
    queries = reference @ tokens.query.linear_layer.weight.t()
    keys = bank @ tokens.key.linear_layer.weight.t()
    values = bank @ tokens.value.linear_layer.weight.t()
    heads = []
    for dims in (slice(0, 2), slice(2, 4)):
        scores = queries[:, dims] @ keys[:, dims].t() / 2**0.5
        heads.append(scores.softmax(dim=1) @ values[:, dims])
    torch.testing.assert_close(tokens(reference), torch.cat(heads, dim=1))


def test_one_token_alone_is_that_token(tiny: Make) -> None:
    style = GlobalStyle(tiny())
    torch.nn.init.normal_(style.projection.weight)
    values = style.style_tokens.value(torch.tanh(style.style_tokens.tokens))
    alone = style.of_tokens(torch.eye(len(values)))
    torch.testing.assert_close(alone, style.projection(values))
    torch.testing.assert_close(style.of_tokens(2 * torch.eye(len(values))), 2 * alone)


def test_another_number_of_tokens(tiny: Make) -> None:
    with pytest.raises(BadInputError, match="4 token weights: this voice has gst_n_tokens=6"):
        GlobalStyle(tiny()).of_tokens(torch.ones(1, 4))
