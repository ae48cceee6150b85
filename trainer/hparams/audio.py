"""Hyperparameters of the mel spectrogram (METRICS: compatible with public models)."""

from typing import Literal, Self

from pydantic import Field, model_validator

from trainer.hparams.section import Section


class AudioHParams(Section):
    """Rates in Hz, lengths in samples."""

    sampling_rate: int = Field(22050, ge=8000, le=48000)
    filter_length: int = Field(1024, ge=256, le=4096)
    hop_length: int = Field(256, ge=32, le=2048)
    win_length: int = Field(1024, ge=256, le=4096)
    n_mel_channels: int = Field(80, ge=8, le=256)
    mel_fmin: float = Field(0.0, ge=0.0)
    mel_fmax: float = Field(8000.0, gt=0.0)
    mel_framing: Literal["centered", "hifigan"] = "centered"
    """``centered``: floor(L/hop) + 1 frames; ``hifigan``: L/hop, as HiFi-GAN cuts them."""
    mel_normalisation: Literal["none", "scalar"] = "none"
    """``scalar``: the model works on (log-mel - mean) / deviation of the training set."""

    @model_validator(mode="after")
    def _can_be_inverted(self) -> Self:
        if self.mel_fmax <= self.mel_fmin or self.mel_fmax > self.sampling_rate / 2:
            raise ValueError(
                f"mel_fmax={self.mel_fmax:g} must lie above mel_fmin={self.mel_fmin:g} and not "
                f"above half of sampling_rate={self.sampling_rate}"
            )
        if self.win_length > self.filter_length:
            raise ValueError(
                f"win_length={self.win_length} must not exceed filter_length={self.filter_length}"
            )
        if self.hop_length > self.win_length // 2:
            raise ValueError(
                f"hop_length={self.hop_length} must not exceed half of "
                f"win_length={self.win_length}: no sound could be made from such frames"
            )
        return self
