"""Sound to log-mel spectrogram and back."""

from trainer.audio.griffin_lim import griffin_lim
from trainer.audio.mel import SILENCE, MelExtractor, mel_spectrogram

__all__ = ["SILENCE", "MelExtractor", "griffin_lim", "mel_spectrogram"]
