"""HiFi-GAN's ``config.json``: the generator's shape, and the mels it was trained on."""

import json
import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams

_Size = Annotated[int, Field(ge=1, le=10_000)]
_Sizes = Annotated[tuple[_Size, ...], Field(min_length=1)]


class HifiGanConfig(BaseModel):
    """What is needed of the published file; its training settings are not looked at.

    Rates in Hz, ``*_size`` in samples (mels) or in taps (kernels).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    resblock: Literal["1", "2"]
    """``1`` in the published V1 and V2, ``2`` in V3."""
    upsample_rates: _Sizes
    upsample_kernel_sizes: _Sizes
    upsample_initial_channel: _Size
    resblock_kernel_sizes: _Sizes
    resblock_dilation_sizes: Annotated[tuple[_Sizes, ...], Field(min_length=1)]
    num_mels: _Size
    n_fft: _Size
    hop_size: _Size
    win_size: _Size
    sampling_rate: int = Field(ge=1)
    fmin: float = Field(ge=0.0)
    fmax: float | None
    """None: half of the sampling rate."""

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if len(self.upsample_kernel_sizes) != len(self.upsample_rates):
            raise ValueError("upsample_kernel_sizes and upsample_rates differ in length")
        if len(self.resblock_dilation_sizes) != len(self.resblock_kernel_sizes):
            raise ValueError("resblock_dilation_sizes and resblock_kernel_sizes differ in length")
        for rate, kernel in zip(self.upsample_rates, self.upsample_kernel_sizes, strict=True):
            if kernel < rate or (kernel - rate) % 2:
                raise ValueError(
                    f"an upsampling of {rate} needs a kernel longer by an even number, not {kernel}"
                )
        if math.prod(self.upsample_rates) != self.hop_size:
            raise ValueError(
                f"upsample_rates multiply to {math.prod(self.upsample_rates)}, which must be "
                f"hop_size={self.hop_size}"
            )
        if self.upsample_initial_channel % 2 ** len(self.upsample_rates):
            raise ValueError(
                f"upsample_initial_channel={self.upsample_initial_channel} can't be halved "
                f"{len(self.upsample_rates)} times"
            )
        return self


def read_config(path: Path) -> HifiGanConfig:
    """The configuration in ``path``; :class:`BadInputError` where it is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(
            f"vocoder: {path}: {error.strerror}; HiFi-GAN's config.json must lie beside its "
            "generator"
        ) from None
    except ValueError as error:
        raise BadInputError(f"vocoder: {path} is not JSON: {error}") from None
    try:
        return HifiGanConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInputError(
            f"vocoder: {path} is no HiFi-GAN configuration: {name + ': ' if name else ''}{reason}"
        ) from None


def require_same_mels(config: HifiGanConfig, hparams: HParams, path: Path) -> None:
    """Raise :class:`BadInputError` that names the first parameter of the mels that differs."""
    nyquist = hparams.sampling_rate / 2
    pairs = (
        ("sampling_rate", config.sampling_rate, "sampling_rate", hparams.sampling_rate),
        ("n_fft", config.n_fft, "filter_length", hparams.filter_length),
        ("hop_size", config.hop_size, "hop_length", hparams.hop_length),
        ("win_size", config.win_size, "win_length", hparams.win_length),
        ("num_mels", config.num_mels, "n_mel_channels", hparams.n_mel_channels),
        ("fmin", config.fmin, "mel_fmin", hparams.mel_fmin),
        ("fmax", nyquist if config.fmax is None else config.fmax, "mel_fmax", hparams.mel_fmax),
    )
    for name, value, our_name, ours in pairs:
        if value != ours:
            raise BadInputError(
                f"vocoder: {path} has {name}={value:g}, but the voice was trained with "
                f"{our_name}={ours:g}: use a vocoder trained on the same mels"
            )
