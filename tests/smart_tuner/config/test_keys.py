"""The keys of ``study.yaml``, so that configuration cannot grow unseen."""

from typing import Any

from smart_tuner.config import StudyConfig
from smart_tuner.config.parameters import CategoricalParameter, FloatParameter, IntParameter
from smart_tuner.config.pruner_section import (
    HyperbandSection,
    MedianSection,
    NoPrunerSection,
    PatientSection,
    SuccessiveHalvingSection,
)
from smart_tuner.config.sampler_section import CmaesSection, GpSection, RandomSection, TpeSection

ALLOWED = {
    "study": [
        "name",
        "objective",
        "trials",
        "timeout",
        "budget",
        "finish",
        "jobs",
        "seed",
        "rescue",
        "max_retries",
        "stall_timeout",
    ],
    "corpus": None,
    "trainer": [
        "preset",
        "steps",
        "evaluate_every",
        "threads",
        "hparams",
        "warm_start",
        "ignore_layers",
    ],
    "space": None,
    "sampler": None,
    "pruner": None,
    "health": [
        "grace_steps",
        "gradient_explosion",
        "non_finite",
        "never_aligned",
        "alignment_lost",
        "status",
        "success",
    ],
    "storage": ["url"],
    "retention": ["best_trials", "samples"],
    "sinks": ["console", "mlflow", "tensorboard"],
    "mlflow": ["tracking_uri", "experiment", "ui"],
    "probes": None,
}
OPTIONS: dict[type[Any], list[str]] = {
    FloatParameter: ["type", "low", "high", "log", "step"],
    IntParameter: ["type", "low", "high", "log", "step"],
    CategoricalParameter: ["type", "choices"],
    TpeSection: ["kind", "n_startup_trials", "n_ei_candidates"],
    CmaesSection: ["kind", "n_startup_trials", "popsize"],
    RandomSection: ["kind"],
    GpSection: ["kind", "n_startup_trials"],
    MedianSection: ["kind", "n_startup_trials", "n_warmup_steps"],
    HyperbandSection: ["kind", "min_resource", "reduction_factor"],
    SuccessiveHalvingSection: [
        "kind",
        "min_resource",
        "reduction_factor",
        "min_early_stopping_rate",
    ],
    PatientSection: ["kind", "patience", "min_delta", "n_startup_trials", "n_warmup_steps"],
    NoPrunerSection: ["kind"],
}


def test_sections_and_their_keys() -> None:
    actual = {
        name: list(getattr(field.annotation, "model_fields", [])) or None
        for name, field in StudyConfig.model_fields.items()
    }
    assert actual == ALLOWED


def test_options_of_each_kind() -> None:
    assert {model: list(model.model_fields) for model in OPTIONS} == OPTIONS
