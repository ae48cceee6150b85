"""Configuration of a study: typed, frozen, parsed once and passed down.

The search space as Optuna takes it is in :mod:`smart_tuner.config.space`, which imports Optuna.
"""

from smart_tuner.config.loading import load_config
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.config.template import study_template

__all__ = ["StudyConfig", "load_config", "study_template"]
