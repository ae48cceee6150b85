"""The base of every section of ``study.yaml``."""

from pydantic import ConfigDict

from trainer.hparams.section import Section as HParamsSection


class Section(HParamsSection):
    """Frozen and closed: an unknown key is an error. Errors never quote values (a secret's)."""

    model_config = ConfigDict(hide_input_in_errors=True, allow_inf_nan=False)
