"""With ``padding: masked`` an utterance says the same whatever it is padded and batched with."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from trainer.hparams import HParams
from trainer.model import Tacotron2, TacotronOutputs

Make = Callable[..., Any]
TOLERANCE = 1e-5
FRAMES = ("mel_outputs", "mel_outputs_postnet")

utterances = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 30)), min_size=1, max_size=4)


def outputs_of(
    model: Tacotron2, texts: list[Tensor], mels: list[Tensor], extra: tuple[int, int], filler: float
) -> TacotronOutputs:
    """Teacher forcing of one batch, padded by ``extra`` tokens and frames of anything."""
    n_tokens = max(map(len, texts)) + extra[0]
    n_frames = max(mel.shape[1] for mel in mels) + extra[1]
    text = torch.full((len(texts), n_tokens), int(abs(filler)) + 1)
    batch = torch.full((len(mels), len(mels[0]), n_frames), filler)
    for row, (symbols, mel) in enumerate(zip(texts, mels, strict=True)):
        text[row, : len(symbols)] = symbols
        batch[row, :, : mel.shape[1]] = mel
    lengths = [torch.tensor([len(t) for t in texts]), torch.tensor([m.shape[1] for m in mels])]
    with torch.no_grad():
        outputs: TacotronOutputs = model(text, lengths[0], batch, lengths[1])
    return outputs


def assert_alone_as_together(
    model: Tacotron2, sizes: list[tuple[int, int]], extra: tuple[int, int], filler: float
) -> None:
    generator = torch.Generator().manual_seed(sum(map(sum, sizes)))
    texts = [torch.randint(1, 30, (n,), generator=generator) for n, _ in sizes]
    mels = [torch.randn(80, n, generator=generator) for _, n in sizes]
    together = outputs_of(model, texts, mels, extra, filler)
    r = model.hparams.n_frames_per_step
    for row, (n_tokens, n_frames) in enumerate(sizes):
        alone = outputs_of(model, [texts[row]], [mels[row]], (0, 0), 0.0)
        steps = -(-n_frames // r)
        inside: dict[str, tuple[slice, ...]] = dict.fromkeys(FRAMES, (slice(None), slice(n_frames)))
        inside |= {"gate_outputs": (slice(steps),)}
        inside |= {"alignments": (slice(steps), slice(n_tokens))}
        for name, where in inside.items():
            one, other = getattr(alone, name)[0], getattr(together, name)[row]
            torch.testing.assert_close(one[where], other[where], rtol=0, atol=TOLERANCE)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=utterances,
    extra=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    filler=st.floats(-20, 20, width=32),
    r=st.integers(1, 3),
)
def test_padding_and_batch_mates_change_no_output(
    undropped: Make,
    backend: str,
    sizes: list[tuple[int, int]],
    extra: tuple[int, int],
    filler: float,
    r: int,
) -> None:
    torch.manual_seed(r)
    hparams = undropped(n_frames_per_step=r, padding="masked", decoder_backend=backend)
    assert_alone_as_together(Tacotron2(hparams).eval(), sizes, extra, filler)


def test_nor_do_they_at_full_size(backend: str) -> None:
    torch.manual_seed(0)
    dropouts = {n: 0.0 for n in HParams.model_fields if n.endswith("dropout")}
    hparams = HParams(symbols="nvidia", padding="masked", decoder_backend=backend, **dropouts)
    sizes = [(21, 60), (40, 110), (5, 13)]
    assert_alone_as_together(Tacotron2(hparams).eval(), sizes, (3, 8), 11.5)


@pytest.mark.parametrize("padding", ["masked", "published"])
def test_the_published_network_would_be_caught(undropped: Make, padding: str) -> None:
    torch.manual_seed(0)
    model = Tacotron2(undropped(padding=padding)).eval()
    if padding == "masked":
        assert_alone_as_together(model, [(9, 20), (14, 33)], (2, 2), 9.0)
        return
    with pytest.raises(AssertionError):
        assert_alone_as_together(model, [(9, 20), (14, 33)], (2, 2), 9.0)
