"""Hyperparameters: typed, frozen, named as NVIDIA/tacotron2 names them where it has a name."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trainer.exit_codes import BadInputError

PresetName = Literal["tacotron2", "demo"]
_Width = Annotated[int, Field(ge=4, le=4096)]


class HParams(BaseModel):
    """All that shapes a training run. ``HParams()`` is the preset ``tacotron2``.

    Lengths are in units of the name: ``hop_length`` in samples, ``*_dim`` in channels,
    ``*_steps`` in optimiser steps. Errors are raised as pydantic's ``ValidationError`` by the
    constructor and as :class:`trainer.exit_codes.BadInputError` by :func:`parse_hparams`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Text
    symbols: Literal["auto", "nvidia", "en", "ru"] = "auto"
    """The symbol table; ``auto`` follows the corpus's script (without a corpus: ``nvidia``)."""
    append_eos: bool = False
    """Whether texts end with the table's end-of-sentence symbol (``nvidia`` has none)."""

    # Audio (METRICS: compatible with public Tacotron 2 and HiFi-GAN models)
    sampling_rate: int = Field(22050, ge=8000, le=48000)
    filter_length: int = Field(1024, ge=256, le=4096)
    hop_length: int = Field(256, ge=32, le=2048)
    win_length: int = Field(1024, ge=256, le=4096)
    n_mel_channels: int = Field(80, ge=8, le=256)
    mel_fmin: float = Field(0.0, ge=0.0)
    mel_fmax: float = Field(8000.0, gt=0.0)
    mel_normalisation: Literal["none", "scalar"] = "none"
    """``scalar``: the model works on (log-mel - mean) / deviation of the training set."""

    # Model
    symbols_embedding_dim: int = Field(512, ge=8, le=2048)
    encoder_kernel_size: int = Field(5, ge=1, le=31)
    encoder_n_convolutions: int = Field(3, ge=1, le=8)
    encoder_embedding_dim: int = Field(512, ge=8, le=2048)
    encoder_dropout: float = Field(0.5, ge=0.0, lt=1.0)
    n_frames_per_step: int = Field(1, ge=1, le=10)
    """The reduction factor r: mel frames that one decoder step makes."""
    decoder_rnn_dim: int = Field(1024, ge=8, le=4096)
    prenet_dims: tuple[_Width, _Width] = (256, 256)
    prenet_dropout: float = Field(0.5, ge=0.0, lt=1.0)
    """Stays on in synthesis, as published."""
    max_decoder_steps: int = Field(1000, ge=10, le=20000)
    gate_threshold: float = Field(0.5, gt=0.0, lt=1.0)
    attention_rnn_dim: int = Field(1024, ge=8, le=4096)
    attention_dim: int = Field(128, ge=4, le=1024)
    attention_location_n_filters: int = Field(32, ge=1, le=256)
    attention_location_kernel_size: int = Field(31, ge=1, le=101)
    p_attention_dropout: float = Field(0.1, ge=0.0, lt=1.0)
    p_decoder_dropout: float = Field(0.1, ge=0.0, lt=1.0)
    postnet_embedding_dim: int = Field(512, ge=8, le=2048)
    postnet_kernel_size: int = Field(5, ge=1, le=31)
    postnet_n_convolutions: int = Field(5, ge=2, le=10)
    postnet_dropout: float = Field(0.5, ge=0.0, lt=1.0)
    padding: Literal["published", "masked"] = "published"
    """``masked`` keeps padding out of convolutions and BatchNorm; ``published`` does not."""

    # Losses (METRICS)
    guide_loss_weight: float = Field(2.5, ge=0.0, le=100.0)
    guide_g: float = Field(0.4, gt=0.0, le=2.0)
    gate_positive_weight: float = Field(5.0, ge=0.1, le=100.0)

    # Optimisation
    batch_size: int = Field(64, ge=1, le=1024)
    learning_rate: float = Field(1e-4, gt=0.0, le=10.0)
    schedule: Literal["constant", "cosine"] = "constant"
    schedule_floor: float = Field(0.05, ge=0.0, le=1.0)
    """The share of ``learning_rate`` at which ``cosine`` ends."""
    warmup_steps: int = Field(0, ge=0)
    adam_epsilon: float = Field(1e-6, gt=0.0, le=1e-2)
    weight_decay: float = Field(1e-6, ge=0.0, le=0.1)
    """Adam's L2 term; recurrent weights, norms and biases are left out."""
    grad_clip_thresh: float = Field(1.0, gt=0.0, le=1e6)
    seed: int = Field(1234, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
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
        if self.encoder_embedding_dim % 2:
            raise ValueError(
                f"encoder_embedding_dim={self.encoder_embedding_dim} must be even: "
                "the encoder LSTM has two directions"
            )
        for name in ("encoder", "postnet", "attention_location"):
            size: int = getattr(self, f"{name}_kernel_size")
            if size % 2 == 0:
                raise ValueError(f"{name}_kernel_size={size} must be odd")
        if self.symbols == "nvidia" and self.append_eos:
            raise ValueError(
                "append_eos=True needs a table with an end-of-sentence symbol: symbols=nvidia has "
                "none, choose symbols=en or ru"
            )
        return self

    @classmethod
    def preset(cls, name: str) -> Self:
        """The named preset: ``tacotron2`` (published size) or ``demo`` (0.7 M parameters)."""
        if name not in PRESETS:
            raise BadInputError(
                f"unknown preset '{name}'{_suggestion(name, PRESETS)}; "
                f"known are {', '.join(PRESETS)}"
            )
        return cls(**PRESETS[name])


# What `demo` changes: a model that one CPU core trains to speech in about a minute.
PRESETS: dict[str, dict[str, Any]] = {
    "tacotron2": {},
    "demo": {
        "append_eos": True,
        "mel_normalisation": "scalar",
        "padding": "masked",
        "symbols_embedding_dim": 96,
        "encoder_n_convolutions": 2,
        "encoder_embedding_dim": 96,
        "encoder_dropout": 0.1,
        "n_frames_per_step": 3,
        "prenet_dims": (96, 64),
        "prenet_dropout": 0.5,
        "attention_rnn_dim": 128,
        "attention_dim": 64,
        "attention_location_n_filters": 16,
        "attention_location_kernel_size": 15,
        "p_attention_dropout": 0.0,
        "p_decoder_dropout": 0.0,
        "decoder_rnn_dim": 128,
        "postnet_embedding_dim": 96,
        "postnet_n_convolutions": 3,
        "postnet_dropout": 0.0,
        "max_decoder_steps": 400,
        "guide_loss_weight": 1.0,
        "guide_g": 0.3,
        "gate_positive_weight": 1.0,
        "batch_size": 12,
        "learning_rate": 6e-3,
        "schedule": "cosine",
        "weight_decay": 0.0,
        "grad_clip_thresh": 1.0,
    },
}


def parse_hparams(overrides: Mapping[str, Any], base: HParams) -> HParams:
    """``base`` with ``overrides`` (values may be strings); :class:`BadInputError` on a bad one."""
    for name in overrides:
        if name not in HParams.model_fields:
            known = _suggestion(name, HParams.model_fields)
            raise BadInputError(f"unknown hparam '{name}'{known}")
    try:
        return HParams.model_validate({**base.model_dump(), **overrides})
    except ValidationError as error:
        raise BadInputError(_first_error(error)) from None


def parse_assignments(text: str) -> dict[str, Any]:
    """``"learning_rate=1e-4,guide_loss_weight=2.5"`` as a dictionary; lists in brackets."""
    values: dict[str, Any] = {}
    for part in _split_outside_brackets(text):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise BadInputError(f"hparams: '{part.strip()}' is not of the form name=value")
        values[name.strip()] = _list(name, value) if value.strip()[0] in "[(" else value.strip()
    return values


def _list(name: str, value: str) -> Any:
    try:
        return yaml.safe_load(value.translate(str.maketrans("()", "[]")))
    except yaml.YAMLError:
        raise BadInputError(
            f"hparams: {name.strip()}={value.strip()} is not a list such as [256, 256]"
        ) from None


def read_hparams_file(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file of hparams; :class:`BadInputError` where it is none."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"hparams file {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise BadInputError(f"hparams file {path} is not YAML: {reason}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise BadInputError(f"hparams file {path} must hold 'name: value' lines")
    return {str(name): value for name, value in values.items()}


def _split_outside_brackets(text: str) -> Iterable[str]:
    part, depth = "", 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            yield part
            part = ""
        else:
            part += character
    if part.strip():
        yield part


def _suggestion(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    if not first["loc"]:
        return f"hparams: {first['msg'].removeprefix('Value error, ')}"
    name = ".".join(str(part) for part in first["loc"])
    return f"hparam {name}={first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}"
