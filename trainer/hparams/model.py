"""Hyperparameters of the published model, under NVIDIA/tacotron2's names."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trainer.hparams.section import Section

_Width = Annotated[int, Field(ge=4, le=4096)]


class ModelHParams(Section):
    """Sizes in channels, lengths in decoder steps."""

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

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if self.encoder_embedding_dim % 2:
            raise ValueError(
                f"encoder_embedding_dim={self.encoder_embedding_dim} must be even: "
                "the encoder LSTM has two directions"
            )
        for name in ("encoder", "postnet", "attention_location"):
            size: int = getattr(self, f"{name}_kernel_size")
            if size % 2 == 0:
                raise ValueError(f"{name}_kernel_size={size} must be odd")
        return self
