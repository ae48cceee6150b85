"""Hyperparameters of optimisation."""

from typing import Literal, Self

from pydantic import Field, model_validator

from trainer.hparams.section import Section


class OptimisationHParams(Section):
    """Batches, Adam, schedule, precision."""

    batch_size: int = Field(64, ge=1, le=1024)
    """Utterances of one optimiser step, over all micro-batches and GPUs."""
    batch_frames: int | None = Field(None, ge=100)
    """At most so many mel frames a batch, padding included; ``batch_size`` stays the limit."""
    micro_batch_size: int | None = Field(None, ge=1, le=1024)
    """Utterances that go through the model at once; gradients are accumulated. None: all."""
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    decoder_backend: Literal["auto", "torch", "native", "graphs"] = "auto"
    """Who computes the recurrences: ``native`` is C++, for fp32 on a CPU; ``graphs`` is CUDA
    graphs; ``auto`` takes C++ where it can be compiled, else PyTorch. The numbers are the same, to
    rounding."""
    learning_rate: float = Field(1e-4, gt=0.0, le=10.0)
    schedule: Literal["constant", "cosine"] = "constant"
    schedule_floor: float = Field(0.05, ge=0.0, le=1.0)
    """The share of ``learning_rate`` at which ``cosine`` ends."""
    warmup_steps: int = Field(0, ge=0)
    adam_epsilon: float = Field(1e-6, gt=0.0, le=1e-2)
    weight_decay: float = Field(1e-6, ge=0.0, le=0.1)
    """Adam's L2 term; recurrent weights, norms and biases are left out."""
    seed: int = Field(1234, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _micro_fits(self) -> Self:
        if self.micro_batch_size is not None and self.micro_batch_size > self.batch_size:
            raise ValueError(
                f"micro_batch_size={self.micro_batch_size} must not exceed "
                f"batch_size={self.batch_size}"
            )
        return self
