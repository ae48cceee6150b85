import numpy as np
import torch

from trainer.audio import griffin_lim, mel_spectrogram
from trainer.hparams import HParams
from trainer.vocoder import GriffinLim, load_vocoder


def test_the_default_is_griffin_lim() -> None:
    seconds = torch.arange(11025) / 22050
    mel = mel_spectrogram(0.3 * torch.sin(2 * torch.pi * 440 * seconds), 22050)
    vocoder = load_vocoder(None, HParams(), torch.device("cpu"))
    assert vocoder == GriffinLim(HParams())
    assert vocoder.name == "griffin_lim"
    np.testing.assert_array_equal(vocoder(mel), griffin_lim(mel, HParams(), n_iterations=60))
    again = mel_spectrogram(vocoder(mel), 22050)
    assert float((again[:, 4:-4] - mel[:, 4 : again.shape[1] - 4]).abs().mean()) < 0.5
