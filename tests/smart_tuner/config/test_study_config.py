import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from smart_tuner.config import StudyConfig, load_config
from smart_tuner.config.sections import StorageSection
from trainer.hparams import HParams

OF_A_STUDY: dict[str, Any] = {"rescue": False, "lr_adapter": False, "grad_norm_critical": 20.0}
"""What every trial of a demo study has, unlike ``python -m trainer``."""


def test_the_embedded_study() -> None:
    config = StudyConfig()
    assert config.study.model_dump() == {
        "name": "demo",
        "objective": ("quality",),
        "trials": 12,
        "timeout": None,
        "budget": None,
        "finish": 0.0,
        "jobs": 2,
        "seed": 1,
        "rescue": False,
        "max_retries": 2,
        "stall_timeout": 600.0,
    }
    assert config.corpus is None
    assert config.trainer.model_dump() == {
        "preset": "demo",
        "steps": 500,
        "evaluate_every": 50,
        "threads": 1,
        "hparams": {},
        "warm_start": None,
        "ignore_layers": (),
    }
    assert config.sampler.kind == "tpe"
    assert config.pruner.kind == "median"
    assert config.probes == ({"learning_rate": 0.3}, {"learning_rate": 3e-5})
    assert config.storage.url.get_secret_value() == "sqlite:///smart_tuner.db"
    assert config.grace_steps(config.hparams()) == 150
    assert config.directions == ("maximize",)


def test_a_corpus_of_ones_own_gets_the_published_model() -> None:
    config = StudyConfig(corpus="data/my voice")
    assert config.study.name == "my voice"
    assert (config.study.trials, config.study.jobs, config.study.finish) == (20, 1, 0.4)
    assert (config.trainer.preset, config.trainer.steps) == ("tacotron2", 20000)
    assert config.trainer.evaluate_every == 100
    assert config.probes == ()
    assert {"learning_rate", "n_frames_per_step", "gate_positive_weight"} <= set(config.space)
    assert config.grace_steps(config.hparams()) == 8000
    assert config.grace_steps(config.hparams({"n_frames_per_step": 5})) == 2667


def test_the_demo_preset_on_a_corpus_of_ones_own() -> None:
    config = StudyConfig(corpus="data/voice", trainer={"preset": "demo"})
    assert config.study.name == "voice"
    assert (config.trainer.steps, config.trainer.evaluate_every) == (2000, 100)
    assert config.space == StudyConfig().space
    assert config.probes == ()
    assert config.grace_steps(config.hparams()) == 600


def test_the_published_model_on_the_demo_corpus_has_no_probes() -> None:
    config = StudyConfig(trainer={"preset": "tacotron2"})
    assert (config.study.name, config.trainer.steps, config.probes) == ("demo", 20000, ())


def test_any_configuration_file_ends_the_probes(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("study: {trials: 3}\n", encoding="utf-8")
    assert load_config(file, {}, environ={}).probes == ()
    assert len(load_config(None, {"study": {"trials": 3}}, environ={}).probes) == 2


def test_a_fixed_hparam_leaves_the_default_space() -> None:
    config = StudyConfig(trainer={"hparams": {"learning_rate": "5e-3"}})
    assert config.trainer.hparams == {"learning_rate": 0.005}
    assert "learning_rate" not in config.space
    assert "guide_g" in config.space


def test_a_given_space_replaces_the_default_one() -> None:
    given: dict[str, Any] = {"schedule": {"type": "categorical", "choices": ["constant", "cosine"]}}
    assert list(StudyConfig(space=given).space) == ["schedule"]


def test_choices_become_what_the_hparam_holds() -> None:
    choices = ["1e-3", 1, "0.01"]
    config = StudyConfig(space={"learning_rate": {"type": "categorical", "choices": choices}})
    assert config.record()["space"]["learning_rate"]["choices"] == [0.001, 1.0, 0.01]


def test_another_sampler_takes_nothing_from_the_default_one() -> None:
    assert StudyConfig(sampler={"kind": "random"}).sampler.model_dump() == {"kind": "random"}
    tpe = StudyConfig(sampler={"n_startup_trials": 9}).sampler
    assert tpe.model_dump() == {"kind": "tpe", "n_startup_trials": 9, "n_ei_candidates": 24}


@pytest.mark.parametrize(("steps", "expected"), [(20, 20), ("20", 20), (400, 50)])
def test_short_trials_are_still_evaluated(steps: object, expected: int) -> None:
    assert StudyConfig(trainer={"steps": steps}).trainer.evaluate_every == expected


def test_arguments_beat_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMART_TUNER_STUDY__TRIALS", "3")
    monkeypatch.setenv("SMART_TUNER_STUDY__JOBS", "4")
    study = StudyConfig(study={"trials": 5}).study
    assert (study.trials, study.jobs) == (5, 4)


def test_sections_may_be_objects() -> None:
    config = StudyConfig(storage=StorageSection(url="sqlite:///elsewhere.db"))
    assert config.storage.url.get_secret_value() == "sqlite:///elsewhere.db"
    assert config.study.name == "demo"


def test_it_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        StudyConfig().corpus = Path("x")


def test_a_trial_takes_preset_then_fixed_then_its_own_hparams() -> None:
    config = StudyConfig(trainer={"hparams": {"batch_size": 4, "seed": 7}})
    hparams = config.hparams({"batch_size": 8})
    own = {"batch_size": 8, "seed": 7}
    assert hparams == HParams.preset("demo").model_copy(update={**OF_A_STUDY, **own})


@pytest.mark.parametrize("rescue", [True, False])
def test_rescue_and_adapter_are_the_studys_to_switch(rescue: bool) -> None:
    hparams = StudyConfig(study={"rescue": rescue}).hparams()
    assert (hparams.rescue, hparams.lr_adapter) == (rescue, rescue)


@pytest.mark.parametrize(
    ("given", "norms"), [({}, (20.0, 10.0)), ({"norm": 8}, (8.0, 8.0)), ({"norm": 500}, (500, 10))]
)
def test_controller_and_trainer_mean_the_same_by_an_explosion(
    given: dict[str, float], norms: tuple[float, float]
) -> None:
    rule = {**given, "steps": 3, "window": 7}
    hparams = StudyConfig(health={"gradient_explosion": rule}).hparams({"learning_rate": 0.5})
    assert (hparams.grad_norm_critical, hparams.grad_norm_warning) == norms
    assert (hparams.explosion_steps, hparams.explosion_window) == (3, 7)


def test_without_quality_no_alignment_needs_to_be_scored() -> None:
    fixed = {"hparams": {"alignment_diagnostics": False}}
    config = StudyConfig(study={"objective": ["val_loss", "mcd"]}, trainer=fixed)
    assert not config.hparams().alignment_diagnostics
    with pytest.raises(ValidationError, match="needs the alignment scores"):
        StudyConfig(study={"objective": ["mcd", "quality"]}, trainer=fixed)


def test_a_configured_grace_period_counts_for_every_trial() -> None:
    config = StudyConfig(health={"grace_steps": 40})
    assert config.grace_steps(config.hparams()) == 40


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"corpus": "x"}, 4000),
        ({"corpus": "x", "health": {"grace_steps": 40}}, 40),
        ({}, 150),
    ],
    ids=["published", "configured", "demo"],
)
def test_the_grace_period_of_a_warm_start(sections: dict[str, Any], expected: int) -> None:
    config = StudyConfig(**sections, trainer={"warm_start": "public.pt"})
    assert config.grace_steps(config.hparams()) == expected


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("embedding.weight, postnet,", ("embedding.weight", "postnet")),
        (["embedding.weight", " postnet"], ("embedding.weight", "postnet")),
        ('["embedding.weight", "postnet"]', ("embedding.weight", "postnet")),
        ("", ()),
        ([], ()),
    ],
)
def test_layers_are_named_in_a_list_or_a_text(given: object, names: tuple[str, ...]) -> None:
    trainer = StudyConfig(trainer={"warm_start": "a.pt", "ignore_layers": given}).trainer
    assert (trainer.warm_start, trainer.ignore_layers) == (Path("a.pt"), names)


def test_small_models_explode_at_smaller_norms() -> None:
    assert StudyConfig().health.gradient_explosion.norm == 20.0
    assert StudyConfig(corpus="x").health.gradient_explosion.norm == 100.0
    rule = StudyConfig(health={"gradient_explosion": {"steps": 3}}).health.gradient_explosion
    assert (rule.norm, rule.steps) == (20.0, 3)
    off = StudyConfig(health={"gradient_explosion": False, "grace_steps": 9}).health
    assert (off.gradient_explosion.enabled, off.grace_steps) == (False, 9)


@pytest.mark.parametrize(
    ("objective", "directions"),
    [
        ("val_loss", ("minimize",)),
        (["quality", "mcd"], ("maximize", "minimize")),
    ],
)
def test_directions(objective: object, directions: tuple[str, ...]) -> None:
    assert StudyConfig(study={"objective": objective}).directions == directions


def test_the_password_is_nowhere_but_in_the_url() -> None:
    config = StudyConfig(storage={"url": "postgresql://u:secret@host/db"})
    for text in (repr(config), str(config), str(config.model_dump()), json.dumps(config.record())):
        assert "secret" not in text
    with pytest.raises(ValidationError) as raised:
        StudyConfig(storage={"url": 3, "ulr": "postgresql://u:secret@host/db"})
    assert "secret" not in str(raised.value)


def test_the_record_loads_again() -> None:
    trainer = {"hparams": {"prenet_dims": [64, 64]}, "warm_start": "a.pt", "ignore_layers": "b,c"}
    config = StudyConfig(corpus="data/voice", trainer=trainer, study={"stall_timeout": "none"})
    assert config.study.stall_timeout is None
    record = json.loads(json.dumps(config.record()))
    assert "storage" not in record
    assert StudyConfig(**record) == config
