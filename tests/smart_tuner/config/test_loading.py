import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from smart_tuner.config import load_config
from trainer.exit_codes import BadInputError

WriteYaml = Callable[[str], Path]
URL = "postgresql://u:secret@host/db"

BAD_FILES = {
    "trainer: {preet: demo}": "unknown key 'trainer.preet'; did you mean 'preset'?",
    "studdy: {trials: 1}": "unknown key 'studdy'; did you mean 'study'?",
    "sinks: {qq: 1}": "unknown key 'sinks.qq'; known are console, mlflow, tensorboard",
    "study: {trials: 0, trils: 3}": "unknown key 'study.trils'; did you mean 'trials'?",
    "trainer: [1]": "trainer=[1]: 'key: value' lines are expected here",
    "trainer: {steps: many}": (
        "trainer.steps='many': input should be a whole number"
    ),
    "trainer: {steps: 2.5}": "trainer.steps=2.5: input should be a whole number",
    "trainer: {hparams: {use_ddc: perhaps}}": (
        "trainer.hparams: hparam use_ddc='perhaps': input should be true or false"
    ),
    "space: {guide_g: {type: float, low: a, high: 1}}": (
        "space.guide_g.low='a': input should be a number"
    ),
    "study: {name: 3}": "study.name=3: input should be text",
    "corpus: 3": "corpus=3: input should be a path",
    "sinks: {console: perhaps}": "sinks.console='perhaps': input should be true or false",
    # Python, and pydantic with it, takes true for 1.
    "study: {trials: true}": "study.trials=True: input should be a whole number",
    "health: {grace_steps: true}": "health.grace_steps=True: input should be a whole number",
    "health: {gradient_explosion: {norm: true}}": (
        "health.gradient_explosion.norm=True: input should be a number"
    ),
    "space: {batch_size: {type: int, low: true, high: 4}}": (
        "space.batch_size.low=True: input should be a whole number"
    ),
    "trainer: {hparams: {batch_size: true}}": (
        "trainer.hparams: hparam batch_size=True: input should be a whole number"
    ),
    "trainer: {hparams: {guide_stop_step: true}}": (
        "trainer.hparams: hparam guide_stop_step=True: input should be a whole number"
    ),
    "trainer: {steps: 10, evaluate_every: 20}": (
        "trainer.evaluate_every: 20 exceeds trainer.steps=10: no trial would be evaluated"
    ),
    "trainer: {ignore_layers: postnet}": (
        "trainer.ignore_layers: there is nothing to ignore without trainer.warm_start: "
        "name a checkpoint there, or leave this out"
    ),
    "trainer: {warm_start: a.pt, ignore_layers: 3}": (
        "trainer.ignore_layers=3: input should be a list"
    ),
    "trainer: {warm_start: a.pt, ignore_layers: [postnet, 3]}": (
        "trainer.ignore_layers=3: input should be text"
    ),
    "trainer: {warm_start: 3, ignore_layers: postnet}": (
        "trainer.warm_start=3: input should be a path"
    ),
    "trainer: {warm_strat: a.pt}": "unknown key 'trainer.warm_strat'; did you mean 'warm_start'?",
    "trainer: {preset: dmeo}": (
        "trainer.preset='dmeo': input should be 'tacotron2' or 'demo'; did you mean 'demo'?"
    ),
    "trainer: {hparams: {batchsize: 2}}": (
        "trainer.hparams: unknown hparam 'batchsize'; did you mean 'batch_size'?"
    ),
    "trainer: {hparams: {learning_rate: -1}}": (
        "trainer.hparams: hparam learning_rate=-1: input should be greater than 0"
    ),
    "space: {learning_rate: {type: float, low: 1, high: 0.1}}": (
        "space.learning_rate: low=1 lies above high=0.1: swap them"
    ),
    "space: {batch_size: {type: int, low: 8, high: 4}}": (
        "space.batch_size: low=8 lies above high=4: swap them"
    ),
    "space: {learning_rat: {type: float, low: 0.1, high: 1}}": (
        "space: unknown hparam 'learning_rat'; did you mean 'learning_rate'?"
    ),
    "space: {learning_rate: {low: 0.1, high: 1}}": (
        "'space.learning_rate.type' is missing: choose one of float, int, categorical"
    ),
    "space: {learning_rate: {type: flot, low: 0.1, high: 1}}": (
        "unknown space.learning_rate.type='flot'; did you mean 'float'?"
    ),
    "space: {learning_rate: {type: float, lw: 0.1, high: 1}}": (
        "unknown key 'space.learning_rate.lw'; did you mean 'low'?"
    ),
    "space: {learning_rate: {type: float, lgo: true, low: 0.1, high: 1}}": (
        "unknown key 'space.learning_rate.lgo'; did you mean 'log'?"
    ),
    "space: {learning_rate: {type: float, high: 1}}": (
        "'space.learning_rate.low' is missing: add it"
    ),
    "space: {learning_rate: {type: float, low: 0, high: 1, log: true}}": (
        "space.learning_rate: low=0 must lie above 0 where log is true"
    ),
    "space: {warmup_steps: {type: int, low: 0, high: 9, log: true}}": (
        "space.warmup_steps: low=0 must be at least 1 where log is true"
    ),
    "space: {guide_g: {type: float, low: 0.2, high: 0.4, log: true, step: 0.1}}": (
        "space.guide_g: log and step exclude each other: leave one out"
    ),
    "space: {guide_g: {type: float, low: 0.2, high: 0.4, step: 0.15}}": (
        "space.guide_g: high=0.4 is not low=0.2 plus a multiple of step=0.15: change one of them"
    ),
    "space: {guide_g: {type: float, low: 0.2, high: .inf}}": (
        "space.guide_g.high=inf: input should be a finite number"
    ),
    "space: {batch_size: {type: float, low: 1, high: 2}}": (
        "space: 'batch_size' cannot have type=float: use type: int or categorical"
    ),
    "space: {schedule: {type: int, low: 1, high: 2}}": (
        "space: 'schedule' cannot have type=int: use type: categorical"
    ),
    "space: {prenet_dims: {type: categorical, choices: [1]}}": (
        "space: 'prenet_dims' is a list and cannot be searched: fix it in trainer.hparams"
    ),
    "space: {batch_size: {type: categorical}}": "'space.batch_size.choices' is missing: add it",
    "space: {batch_size: {type: categorical, choices: []}}": (
        "space.batch_size.choices: at least one is needed"
    ),
    "space: {batch_size: {type: categorical, choices: [4, 4]}}": (
        "space.batch_size: choices name 4 twice: leave one out"
    ),
    "space: {batch_size: {type: categorical, choices: [4, 0]}}": (
        "space: hparam batch_size=0: input should be greater than or equal to 1"
    ),
    "space: {encoder_kernel_size: {type: int, low: 1, high: 9}}": (
        "space: hparams: encoder_kernel_size=2 must be odd"
    ),
    "space: {learning_rate: {type: float, low: 1e-3, high: 20}}": (
        "space: hparam learning_rate=20.0: input should be less than or equal to 10"
    ),
    "space: {}": "space: nothing to search: name at least one hparam",
    "trainer: {hparams: {batch_size: 8}}\nspace: {batch_size: {type: int, low: 4, high: 8}}": (
        "space: 'batch_size' is fixed in trainer.hparams too: take it out of one of them"
    ),
    "sampler: {kind: tpee}": "unknown sampler.kind='tpee'; did you mean 'tpe'?",
    "pruner: {kind: xxxx}": (
        "unknown pruner.kind='xxxx'; known are median, hyperband, successive_halving, patient, none"
    ),
    "sampler: {kind: gp, popsize: 4}": (
        "unknown key 'sampler.popsize'; known are kind, n_startup_trials"
    ),
    "sampler: {kind: cmaes, popsize: 3}": (
        "sampler.popsize=3: input should be greater than or equal to 4"
    ),
    "sampler: tpe": "sampler='tpe': 'key: value' lines are expected here",
    "pruner: {kind: median, n_startup_trials: -1}": (
        "pruner.n_startup_trials=-1: input should be greater than or equal to 0"
    ),
    "trainer: {hparams: {rescue: true}}": (
        "trainer.hparams: 'rescue' follows study.rescue in a study: set that instead"
    ),
    "space: {lr_adapter: {type: categorical, choices: [true, false]}}": (
        "space: 'lr_adapter' follows study.rescue in a study: set that instead"
    ),
    "probes: [{rescue: true}]": (
        "probes: 'rescue' follows study.rescue in a study: set that instead"
    ),
    "trainer: {hparams: {grad_norm_critical: 50}}": (
        "trainer.hparams: 'grad_norm_critical' follows health.gradient_explosion.norm in a study: "
        "set that instead"
    ),
    "trainer: {hparams: {grad_norm_warning: 50}}": (
        "hparams: grad_norm_warning=50 must not exceed grad_norm_critical=20: "
        "lower grad_norm_warning as well, or raise grad_norm_critical"
    ),
    "trainer: {hparams: {alignment_diagnostics: false}}": (
        "study.objective=quality needs the alignment scores: leave alignment_diagnostics true, "
        "or choose study.objective=val_loss"
    ),
    "space: {alignment_diagnostics: {type: categorical, choices: [true, false]}}": (
        "study.objective=quality needs the alignment scores: leave alignment_diagnostics true, "
        "or choose study.objective=val_loss"
    ),
    "probes: [{alignment_diagnostics: false}]": (
        "study.objective=quality needs the alignment scores: leave alignment_diagnostics true, "
        "or choose study.objective=val_loss"
    ),
    "study: {timeout: soon}": (
        "study.timeout: 'soon' is no duration: write seconds, or hours and minutes "
        "such as 2h or 1h30m; none for no limit"
    ),
    "study: {objective: speed}": (
        "study.objective='speed': input should be 'quality', 'val_loss' or 'mcd'"
    ),
    "study: {objective: [mcd, mcd]}": "study.objective: mcd, mcd: name each objective once",
    "study: {objective: []}": "study.objective: at least one is needed",
    "study: {objective: [quality, mcd]}\npruner: {kind: median}": (
        "pruner.kind=median needs a single objective: choose pruner.kind=none, "
        "or one of study.objective"
    ),
    "study: {objective: [quality, mcd]}\nsampler: {kind: cmaes}": (
        "sampler.kind=cmaes needs a single objective: choose sampler.kind=tpe, "
        "or one of study.objective"
    ),
    "health: {never_aligned: maybe}": (
        "health.never_aligned='maybe': 'key: value' lines are expected here"
    ),
    "health: {gradient_explosion: {steps: 30}}": (
        "health.gradient_explosion: steps=30 must not exceed window=20"
    ),
    "health: {gradient_explosion: {norm: .nan}}": (
        "health.gradient_explosion.norm=nan: input should be a finite number"
    ),
    "probes: [{learning_rate: 11}]": (
        "probes: hparam learning_rate=11: input should be less than or equal to 10"
    ),
    "probes: [{learning_rate: 1}, {}]": (
        "probes: probe 2 is empty: give it at least one hparam"
    ),
    "probes: {a: 1}": "probes={'a': 1}: input should be a list",
    "a: b: c": "line 1, column 5: not valid YAML: mapping values are not allowed here",
    "trainer: {steps: 1}\ntrainer: {steps: 2}": (
        "line 2, column 1: not valid YAML: the key 'trainer' stands twice in one section"
    ),
    "- 1": "must hold sections such as 'study:' and 'space:'",
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD_FILES.items(), ids=list(BAD_FILES))
def test_each_bad_file_gets_its_one_line(text: str, message: str, study_yaml: WriteYaml) -> None:
    with pytest.raises(BadInputError) as raised:
        load_config(study_yaml(text), {}, environ={})
    assert str(raised.value) == f"study.yaml: {message}"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "stduy.yaml"
    with pytest.raises(BadInputError, match=r"stduy\.yaml: no such file; `smart-tuner init`"):
        load_config(missing, {}, environ={})
    with pytest.raises(BadInputError, match="Is a directory; name a file"):
        load_config(tmp_path, {}, environ={})
    missing.write_bytes("study: {name: голос}".encode("cp1251"))
    with pytest.raises(BadInputError, match="not UTF-8 text"):
        load_config(missing, {}, environ={})


def test_the_command_line_beats_the_environment_beats_the_file(study_yaml: WriteYaml) -> None:
    file = study_yaml("study: {trials: 3, jobs: 4, seed: 5, name: голос}")
    environ = {"SMART_TUNER_STUDY__JOBS": "6", "SMART_TUNER_STUDY__SEED": "7"}
    study = load_config(file, {"study": {"seed": 8, "timeout": None}}, environ=environ).study
    assert (study.trials, study.jobs, study.seed, study.name) == (3, 6, 8, "голос")


def test_none_takes_away_a_limit_of_the_file(study_yaml: WriteYaml) -> None:
    file = study_yaml("study: {timeout: 2h, budget: 20h, stall_timeout: 5m}")
    study = load_config(file, {"study": {"timeout": "none"}}, environ={}).study
    assert (study.timeout, study.budget, study.stall_timeout) == (None, 72_000, 300)


def test_an_empty_file_and_empty_sections_say_nothing(study_yaml: WriteYaml) -> None:
    empty = load_config(study_yaml(""), {}, environ={})
    assert load_config(study_yaml("\ufeffstudy:\nspace:\n"), {}, environ={}) == empty
    assert empty == load_config(None, {"probes": []}, environ={})


def test_a_file_without_sections_of_a_layer_keeps_the_others(study_yaml: WriteYaml) -> None:
    file = study_yaml("study:\nhealth: {never_aligned: false}")
    config = load_config(file, {"study": {}}, environ={"SMART_TUNER_STUDY__TRIALS": "2"})
    assert config.study.trials == 2
    assert not config.health.never_aligned.enabled
    assert config.health.alignment_lost.enabled


def test_the_environment_sets_values_of_every_shape() -> None:
    config = load_config(
        None,
        {},
        environ={
            "SMART_TUNER_STORAGE__URL": "postgresql://u:secret@host/db",
            "SMART_TUNER_STUDY__OBJECTIVE": "quality, mcd",
            "SMART_TUNER_STUDY__TIMEOUT": "1h30m",
            "SMART_TUNER_SAMPLER__KIND": "random",
            "SMART_TUNER_HEALTH__NEVER_ALIGNED__ENABLED": "false",
            "SMART_TUNER_TRAINER__HPARAMS__LEARNING_RATE": "1e-3",
            "SMART_TUNER_TRAINER__WARM_START": "public.pt",
            "SMART_TUNER_TRAINER__IGNORE_LAYERS": "embedding.weight,postnet",
            "SMART_TUNER_SPACE__batch_size": '{"type": "int", "low": 4, "high": 16}',
            "SMART_TUNER_PROBES": '[{"learning_rate": "0.5"}]',
            "SMART_TUNER_CORPUS": "",
            "SMART_TUNER_TEST_CORPUS": "not ours",
        },
    )
    assert config.storage.url.get_secret_value() == "postgresql://u:secret@host/db"
    assert config.study.objective == ("quality", "mcd")
    assert config.pruner.kind == "none"
    assert config.study.timeout == 5400
    assert config.sampler.kind == "random"
    assert not config.health.never_aligned.enabled
    assert config.trainer.hparams == {"learning_rate": 0.001}
    assert config.trainer.warm_start == Path("public.pt")
    assert config.trainer.ignore_layers == ("embedding.weight", "postnet")
    assert list(config.space) == ["batch_size"]
    assert config.probes == ({"learning_rate": 0.5},)
    assert config.corpus is None


@pytest.mark.parametrize("text", ["quality, mcd", '["quality", "mcd"]'])
def test_a_list_in_the_environment_is_json_or_text(text: str) -> None:
    environ = {"SMART_TUNER_STUDY__OBJECTIVE": text}
    config = load_config(None, {}, environ=environ)
    assert (config.study.objective, config.pruner.kind) == (("quality", "mcd"), "none")


@pytest.mark.parametrize(
    ("overrides", "environ", "message"),
    [
        (
            {"study": {"trials": 0}},
            {"SMART_TUNER_STUDY__TRIALS": "1"},
            "command line: study.trials=0: input should be greater than or equal to 1",
        ),
        (
            {},
            {"SMART_TUNER_STUDY__TRIALS": "0"},
            "environment SMART_TUNER_STUDY__TRIALS: study.trials='0': input should be "
            "greater than or equal to 1",
        ),
        (
            {},
            {"SMART_TUNER_STUDY__TRILS": "0"},
            "environment SMART_TUNER_STUDY__TRILS: unknown key 'study.trils'; "
            "did you mean 'trials'?",
        ),
        (
            {},
            {"SMART_TUNER_STOARGE__URL": "postgresql://u:secret@host/db"},
            "environment SMART_TUNER_STOARGE__URL: unknown section 'stoarge'; "
            "did you mean 'storage'?",
        ),
        (
            {},
            {"SMART_TUNER_PROBES": "x"},
            'environment: SMART_TUNER_PROBES must hold JSON, such as [1, 2] or {"a": 1}',
        ),
    ],
)
def test_what_is_wrong_outside_the_file_is_named(
    overrides: dict[str, object], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(BadInputError) as raised:
        load_config(None, overrides, environ=environ)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "storage: {url: [postgresql://u:secret@host/db]}",
        "storage: {ulr: postgresql://u:secret@host/db}",
        "storage: postgresql://u:secret@host/db",
        "storage: [postgresql://u:secret@host/db]",
        "storage: {url: postgresql://u:secret@host/db}\nstudy: {trials: 0}",
        "storage: {url: postgresql://u:secret@host/db: x}",
        "storage: {url: postgresql://u:secret@host/db, url: x}",
    ],
)
def test_no_error_tells_a_password(text: str, study_yaml: WriteYaml) -> None:
    with pytest.raises(BadInputError) as raised:
        load_config(study_yaml(text), {}, environ={})
    assert "secret" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("name", ["SMART_TUNER_STORAGE", "SMART_TUNER_STORAGE__ULR"])
def test_no_error_about_the_environment_tells_a_password(name: str) -> None:
    with pytest.raises(BadInputError) as raised:
        load_config(None, {}, environ={name: URL})
    assert name in str(raised.value)
    assert "secret" not in "".join(traceback.format_exception(raised.value))


def test_the_surrounding_environment_does_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMART_TUNER_STUDY__TRIALS", "99")
    assert load_config(None, {}, environ={}).study.trials == 12
