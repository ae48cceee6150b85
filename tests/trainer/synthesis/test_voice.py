"""Voices: the same sound, whoever else is in the batch."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from trainer.exit_codes import BadInputError
from trainer.model import Tacotron2
from trainer.synthesis import Take, Voice
from trainer.synthesis.voice import utterance_seed

MakeVoice = Callable[..., Voice]
TEXTS = ("The red queen waits.", "Yes.", "The happy teacher shines, boy, and the old king waits.")


def sequence_of(voice: Voice, text: str) -> list[int]:
    return voice.encode([text])[0].sequence


def same(a: Take, b: Take) -> bool:
    return a.mel.shape == b.mel.shape and bool(torch.allclose(a.mel, b.mel, atol=1e-4))


@pytest.mark.parametrize("padding", ["published", "masked"])
def test_batch_mates_change_nothing(voice: MakeVoice, padding: str) -> None:
    speaker = voice(padding=padding, max_decoder_steps=30, stop=-100.0)
    sequences = [sequence_of(speaker, text) for text in TEXTS]
    together = speaker.speak(sequences, seed=1)
    backwards = speaker.speak(sequences[::-1], seed=1)[::-1]
    for sequence, take, other in zip(sequences, together, backwards, strict=True):
        assert take.mel.shape == (80, 90)
        assert take.alignment.shape == (30, len(sequence))
        assert not take.stopped
        assert same(take, other)
        assert same(take, speaker.speak([sequence], seed=1)[0])
        np.testing.assert_allclose(take.alignment.sum(axis=1), 1.0, atol=1e-5)


def test_the_seed_and_the_attempt_choose_the_take(voice: MakeVoice) -> None:
    speaker = voice(max_decoder_steps=20, stop=-100.0)
    sequence = [sequence_of(speaker, TEXTS[0])]
    take = speaker.speak(sequence, seed=1)[0]
    torch.manual_seed(99)  # no say in it
    assert torch.equal(take.mel, speaker.speak(sequence, seed=1)[0].mel)
    assert not same(take, speaker.speak(sequence, seed=2)[0])
    assert not same(take, speaker.speak(sequence, seed=1, attempt=1)[0])


def test_seeds_differ_with_everything_that_they_depend_on() -> None:
    seeds = {
        utterance_seed(sequence, seed, attempt)
        for sequence in ([1, 2], [12], [2, 1])
        for seed in (0, 1, -1)
        for attempt in (0, 1)
    }
    assert len(seeds) == 18
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_dropout_has_the_right_rate_and_scale(voice: MakeVoice) -> None:
    speaker = voice(prenet_dropout=0.3, prenet_dims=(400, 300))
    prenet = speaker._prenet
    prenet.seed([1, 2])
    drawn = prenet.masks(100, torch.empty(2, 1))
    assert [mask.shape for mask in drawn] == [(100, 2, 400), (100, 2, 300)]
    for masks in drawn:
        assert set(masks.unique().tolist()) == {0.0, masks.max().item()}
        assert masks.max().item() == pytest.approx(1 / 0.7)
        assert float((masks == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
        assert not torch.equal(masks[:, 0], masks[:, 1])


def test_without_dropout_it_says_what_the_model_says(voice: MakeVoice) -> None:
    speaker = voice(prenet_dropout=0.0, max_decoder_steps=25)
    sequence = sequence_of(speaker, TEXTS[0])
    take = speaker.speak([sequence], seed=1)[0]
    plain = Tacotron2(speaker.hparams)
    plain.load_state_dict(speaker._model.state_dict())
    spoken = plain.eval().infer(torch.tensor([sequence]), torch.tensor([len(sequence)]))
    frames = int(spoken.mel_lengths[0])
    wanted = spoken.mel_outputs_postnet[0, :, :frames] * 2.0 - 5.0  # the checkpoint's scale
    assert torch.allclose(take.mel, wanted, atol=1e-5)
    assert take.stopped == bool(spoken.stopped[0])


def test_it_stops_when_its_gate_opens(voice: MakeVoice) -> None:
    speaker = voice(stop=100.0)
    take = speaker.speak([sequence_of(speaker, TEXTS[0])], seed=0)[0]
    assert take.stopped
    assert take.mel.shape == (80, 3)  # one step of three frames


def test_symbols(voice: MakeVoice) -> None:
    speaker = voice()
    hi, chinese, nothing = speaker.encode(["Hi 中!", "中文", ""])
    assert [speaker.table.symbols[number] for number in hi.sequence] == ["h", "i", " ", "!", "~"]
    assert (chinese.sequence, nothing.sequence) == ([], [])
    assert (hi.unknown, chinese.unknown) == ({"中": 1}, {"中": 1, "文": 1})


def test_a_batch_is_much_cheaper_than_one_by_one(voice: MakeVoice) -> None:
    speaker = voice(max_decoder_steps=40, stop=-100.0)
    sequences = [sequence_of(speaker, TEXTS[0])] * 16

    def seconds(size: int) -> float:
        begun = time.process_time()
        for start in range(0, 16, size):
            speaker.speak(sequences[start : start + size], seed=0)
        return time.process_time() - begun

    seconds(16)
    assert seconds(1) > 3 * seconds(16)


class TestStyle:
    @pytest.fixture
    def recording(self, tmp_path: Path) -> Path:
        path = tmp_path / "reference.flac"  # neither the voice's rate nor one channel
        noise = np.random.default_rng(0).normal(0, 0.1, (16_000, 2))
        soundfile.write(path, noise, 16_000)
        return path

    @pytest.fixture
    def styled(self, voice: MakeVoice) -> Voice:
        speaker = voice(use_gst=True, max_decoder_steps=10, stop=-100.0)
        for name, parameter in speaker._model.named_parameters():
            if name.startswith(("gst.", "tpse.")):
                torch.nn.init.normal_(parameter, 0.0, 0.3)
        return speaker

    def test_a_recording_gives_the_style(self, styled: Voice, recording: Path) -> None:
        style = styled.style(recording)
        assert style.shape == (1, 16)
        sequences = [sequence_of(styled, text) for text in TEXTS]
        as_recorded = styled.speak(sequences, seed=0, style=style)
        as_text_suggests = styled.speak(sequences, seed=0)
        for take, other in zip(as_recorded, as_text_suggests, strict=True):
            assert not same(take, other)

    def test_a_voice_without_styles(self, voice: MakeVoice, recording: Path) -> None:
        with pytest.raises(BadInputError, match=r"no style tokens \(use_gst=False\)"):
            voice().style(recording)

    def test_a_recording_that_is_none(self, styled: Voice, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match=r"none\.wav"):
            styled.style(tmp_path / "none.wav")
