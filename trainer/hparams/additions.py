"""Hyperparameters of what the published model lacks: coarse decoder, recogniser, style tokens."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from trainer.hparams.section import Section

_Filters = Annotated[int, Field(ge=1, le=1024)]


class AdditionsHParams(Section):
    """Each is off by default, and leaves the published state dict as it is."""

    use_ddc: bool = False
    """Double decoder consistency: a second, coarse decoder in training."""
    ddc_r: int = Field(6, ge=1, le=20)
    """The coarse decoder's reduction factor."""
    use_mmi: bool = False
    """Maximise mutual information: a CTC recogniser listens to the decoder (arXiv 1909.01145)."""
    max_gaf: float = Field(0.5, ge=0.0, le=10.0)
    """The most that the recogniser's gradient may weigh against the mel loss's."""
    gaf_interval: int = Field(100, ge=1)
    """Steps between measurements of the two gradients."""
    drop_frame_rate: float = Field(0.0, ge=0.0, le=1.0)
    """The share of teacher frames replaced by the mean frame (arXiv 1909.01145, section 3.2)."""
    use_gst: bool = False
    """Global style tokens (arXiv 1803.09017) with text-predicted style (arXiv 1808.01410)."""
    gst_n_tokens: int = Field(10, ge=1, le=256)
    gst_token_dim: int = Field(256, ge=4, le=2048)
    gst_n_heads: int = Field(8, ge=1, le=64)
    gst_reference_filters: tuple[_Filters, ...] = Field((32, 32, 64, 64, 128, 128), min_length=1)
    gst_reference_dim: int = Field(128, ge=4, le=2048)
    """The reference encoder's GRU, and TPSE's hidden layer."""

    @model_validator(mode="after")
    def _heads_share_the_token(self) -> Self:
        if self.gst_token_dim % self.gst_n_heads:
            raise ValueError(
                f"gst_token_dim={self.gst_token_dim} must be a multiple of "
                f"gst_n_heads={self.gst_n_heads}"
            )
        return self
