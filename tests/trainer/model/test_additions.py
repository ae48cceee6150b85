"""What additions do to the published model: they add keys, and change nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainer.model import Tacotron2

Make = Callable[..., Any]

PREFIXES = {"use_ddc": "coarse_decoder.", "use_mmi": "recogniser."}
CHOICES = [("use_ddc",), ("use_mmi",), ("use_ddc", "use_mmi")]


def made(hparams: Any) -> Tacotron2:
    torch.manual_seed(7)
    return Tacotron2(hparams)


@pytest.mark.parametrize("names", CHOICES)
def test_the_published_parts_keep_keys_and_first_weights(tiny: Make, names: list[str]) -> None:
    plain = made(tiny()).state_dict()
    more = made(tiny(**dict.fromkeys(names, True))).state_dict()
    assert all(torch.equal(more[key], value) for key, value in plain.items())
    added = {key.split(".")[0] + "." for key in more.keys() - plain.keys()}
    assert added == {PREFIXES[name] for name in names}


@pytest.mark.parametrize("names", CHOICES)
def test_the_published_outputs_stay_the_same(
    undropped: Make, inputs: Make, names: list[str]
) -> None:
    batch = inputs([7, 3], [25, 13])
    plain = made(undropped())(*batch)
    more = made(undropped(**dict.fromkeys(names, True)))(*batch)
    for name in ("mel_outputs", "mel_outputs_postnet", "gate_outputs", "alignments"):
        assert torch.equal(getattr(plain, name), getattr(more, name)), name
    assert plain.coarse is None
    assert plain.recognised is None


def test_speech_needs_none_of_them(undropped: Make, inputs: Make) -> None:
    batch = inputs([7, 3], [25, 13])
    plain = made(undropped()).eval()
    more = made(undropped(use_ddc=True, use_mmi=True)).eval()
    one, other = (m.infer(batch.text, batch.text_lengths, 12) for m in (plain, more))
    assert torch.equal(one.mel_outputs_postnet, other.mel_outputs_postnet)


def test_teacher_mels_are_what_both_decoders_hear(undropped: Make, inputs: Make) -> None:
    batch = inputs([7, 3], [25, 13])
    model = made(undropped(use_ddc=True, use_mmi=True, n_frames_per_step=2)).eval()
    teacher = torch.randn_like(batch.mels)
    with torch.no_grad():
        one = model(*batch, teacher)
        other = model(batch.text, batch.text_lengths, teacher, batch.mel_lengths)
        plain = model(*batch)
        itself = model(*batch, batch.mels)
    for outputs, same in ((other, True), (plain, False)):
        assert torch.equal(one.mel_outputs_postnet, outputs.mel_outputs_postnet) is same
        assert torch.equal(one.coarse.mel_outputs, outputs.coarse.mel_outputs) is same
        assert torch.equal(one.recognised, outputs.recognised) is same
    assert torch.equal(plain.mel_outputs, itself.mel_outputs)
