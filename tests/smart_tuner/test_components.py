"""What trials are made of, as a study has its trainer make it before the hours pass."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smart_tuner.components
from smart_tuner import SmartTunerMain, StudyConfig
from smart_tuner.components import CRITICAL, MLFLOW_LOGGER, Component, assemble, summary
from smart_tuner.exit_codes import TunerExit
from storage.records import StudyState
from storage.status import read
from trainer.exit_codes import BadInputError

Workshop = Any
Trainer = Callable[[str], tuple[str, ...]]
ONE: dict[str, Any] = {"study": {"trials": 1}}


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    """A trainer that does as ``code`` says when it is asked for its components."""

    def make(code: str) -> tuple[str, ...]:
        script = tmp_path / "trainer.py"
        script.write_text(f"import sys, time\n{code}\n", encoding="utf-8")
        return (sys.executable, str(script))

    return make


def by_name(components: tuple[Component, ...]) -> dict[str, Component]:
    return {component.name: component for component in components}


def test_the_real_trainer_makes_each_as_the_study_sets_it_up() -> None:
    config = StudyConfig(
        trainer={"hparams": {"use_ddc": True, "ddc_r": 5, "prenet_dims": [64, 32]}},
        health={"gradient_explosion": {"norm": 33.0}},
    )
    made = by_name(SmartTunerMain(config).integrate_critical_components())
    assert tuple(made) == (*CRITICAL, MLFLOW_LOGGER)
    assert {name for name, component in made.items() if not component.on} == {
        "smart LR adapter",
        "rescue",
        "MLflow logger",
    }
    assert made["safe DDC loss"].settings["ddc_r"] == 5
    monitor = made["gradient stability monitor"]
    assert monitor.settings["grad_norm_critical"] == 33.0
    assert made["guided attention loss"].searched == ("guide_loss_weight", "guide_g")
    assert monitor.searched == ()


@pytest.mark.parametrize("on", [True, False])
def test_the_mlflow_logger_is_one_of_them(on: bool, workshop: Workshop) -> None:
    uri = "postgresql://u:secret@host/mlflow"
    config = workshop.config(sinks={"mlflow": on}, mlflow={"tracking_uri": uri})
    logger = by_name(workshop.main(config).integrate_critical_components())[MLFLOW_LOGGER]
    assert logger.on is on
    assert logger.room == "smart_tuner.sinks.mlflow_target:MlflowTarget"
    assert logger.settings["mlflow.experiment"] == "smart-tuner"
    assert logger.settings["mlflow.tracking_uri"] == "postgresql://host/mlflow"


def test_a_sink_whose_package_is_missing_stops_the_study(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smart_tuner.sinks.available.find_spec", lambda name: None)
    with pytest.raises(BadInputError, match="MLflow is not installed: pip install mlflow, or set"):
        workshop.run(**ONE, sinks={"mlflow": True})
    with pytest.raises(BadInputError, match=r"sinks\.tensorboard needs the package tensorboardX"):
        workshop.run(**ONE, sinks={"mlflow": False, "tensorboard": True})
    assert workshop.trials() == []


def test_rescue_switches_two(workshop: Workshop) -> None:
    config = workshop.config(study={"rescue": True})
    made = by_name(workshop.main(config).integrate_critical_components())
    assert made["rescue"].on
    assert made["smart LR adapter"].on


BROKEN = {
    "print('error: the loss can not be made: mend it', file=sys.stderr); sys.exit(2)": (
        "the loss can not be made: mend it"
    ),
    "raise RuntimeError('no such module')": (
        "the trainer can't assemble its components (exit code 1): RuntimeError: no such module; "
        "'python -m trainer components' shows more"
    ),
    "sys.exit(77)": (
        "the trainer can't assemble its components (exit code 77): it said nothing; "
        "'python -m trainer components' shows more"
    ),
    "print('hello')": (
        "the trainer answers 'hello\\n' instead of its components: it is of another version than "
        "smart-tuner; install both from one place"
    ),
    'print(\'[{"name": "rescue"}]\')': (
        'the trainer answers \'[{"name": "rescue"}]\\n\' instead of its components: it is of '
        "another version than smart-tuner; install both from one place"
    ),
}


@pytest.mark.parametrize(("code", "message"), BROKEN.items())
def test_what_cannot_be_assembled_is_one_line(code: str, message: str, trainer: Trainer) -> None:
    with pytest.raises(BadInputError) as raised:
        assemble(StudyConfig(), trainer(code))
    assert str(raised.value) == message


def test_one_that_is_missing_is_named(trainer: Trainer) -> None:
    listed = [
        {"name": name, "on": True, "room": "x", "settings": {}}
        for name in CRITICAL
        if name not in ("safe DDC loss", "rescue")
    ]
    with pytest.raises(BadInputError, match=r"^the trainer has no safe DDC loss and no rescue: "):
        assemble(StudyConfig(), trainer(f"import json; print(json.dumps({listed!r}))"))


def test_a_trainer_that_hangs_is_not_waited_for(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smart_tuner.components, "_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(BadInputError, match="did not assemble its components within 0 s"):
        assemble(StudyConfig(), trainer("time.sleep(60)"))


def test_a_study_says_what_is_on_before_its_first_trial(workshop: Workshop) -> None:
    out = workshop.run(**ONE).out
    line = (
        "components on: gradient clipper, gradient stability monitor, guided attention loss, "
        "alignment diagnostics, debug reporter; off: smart LR adapter, safe DDC loss, rescue, "
        "MLflow logger"
    )
    assert 0 <= out.index(line) < out.index("trial 0 starts")


def test_a_study_with_one_that_cannot_be_assembled_does_not_begin(workshop: Workshop) -> None:
    stub = workshop.trainer[-1]
    script = workshop.folder / "broken.py"
    script.write_text(
        "import runpy, sys\n"
        "if 'components' in sys.argv: sys.exit('no clipper')\n"
        f"runpy.run_path({stub!r}, run_name='__main__')\n"
    )
    sound, workshop.trainer = workshop.trainer, (*workshop.trainer[:-1], str(script))
    with pytest.raises(BadInputError, match=r"can't assemble its components .* no clipper"):
        workshop.run(**ONE)
    assert workshop.trials() == []
    with workshop.database() as database:
        assert read(database, "speech").state is StudyState.STOPPED
    workshop.trainer = sound
    assert workshop.run(**ONE).code is TunerExit.FINISHED


@pytest.mark.parametrize(
    ("on", "line"),
    [
        ((True, False), "components on: a; off: b"),
        ((True, True), "components on: a, b; off: none"),
        ((False, False), "components on: none; off: a, b"),
    ],
)
def test_the_summary(on: tuple[bool, bool], line: str) -> None:
    assert summary([Component(n, o, "x") for n, o in zip("ab", on, strict=True)]) == line
