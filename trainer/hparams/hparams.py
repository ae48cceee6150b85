"""``HParams``: everything that shapes a training run, in one frozen object."""

from typing import Self

from trainer.exit_codes import BadInputError
from trainer.hparams.additions import AdditionsHParams
from trainer.hparams.audio import AudioHParams
from trainer.hparams.losses import LossHParams
from trainer.hparams.model import ModelHParams
from trainer.hparams.optimisation import OptimisationHParams
from trainer.hparams.presets import PRESETS
from trainer.hparams.stability import StabilityHParams
from trainer.hparams.suggestion import suggestion
from trainer.hparams.text import TextHParams


class HParams(  # fields come in the reverse order of the bases
    StabilityHParams,
    OptimisationHParams,
    LossHParams,
    AdditionsHParams,
    ModelHParams,
    AudioHParams,
    TextHParams,
):
    """All that shapes a training run. ``HParams()`` is the preset ``tacotron2``.

    Lengths are in units of the name: ``hop_length`` in samples, ``*_dim`` in channels,
    ``*_steps`` in optimiser steps. Errors are raised as pydantic's ``ValidationError`` by the
    constructor and as :class:`trainer.exit_codes.BadInputError` by
    :func:`trainer.hparams.parse_hparams`.
    """

    @classmethod
    def preset(cls, name: str) -> Self:
        """The named preset: ``tacotron2`` (published size) or ``demo`` (0.7 M parameters)."""
        if name not in PRESETS:
            raise BadInputError(
                f"unknown preset '{name}'{suggestion(name, PRESETS)}; "
                f"known are {', '.join(PRESETS)}"
            )
        return cls.model_validate(PRESETS[name])
