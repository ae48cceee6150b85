from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.config import StudyConfig
from smart_tuner.exit_codes import TunerExit
from storage.errors import StorageError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[StudyConfig]:
    """The configurations with which studies were started, which end at once as stopped."""
    configs: list[StudyConfig] = []

    class Recorder:
        def __init__(self, config: StudyConfig) -> None:
            configs.append(config)

        def run(self) -> TunerExit:
            return TunerExit.STOPPED

    monkeypatch.setattr("smart_tuner.cli.start_study.SmartTunerMain", Recorder)
    return configs


def test_without_options_it_is_the_embedded_study(
    cli: Callable[..., Any], started: list[StudyConfig]
) -> None:
    said = cli("start", "study")
    assert said == (TunerExit.STOPPED, "", "")
    assert started == [StudyConfig()]
    assert len(started[0].probes) == 2


def test_every_option_arrives(cli: Callable[..., Any], started: list[StudyConfig]) -> None:
    cli(
        "start", "study", "--corpus", "speech", "--preset", "demo", "--trials", "3",
        "--timeout", "1h30m", "--budget", "20h", "--jobs", "4", "--name", "Голос", "--storage", "sqlite:///x.db",
    )  # fmt: skip
    (config,) = started
    assert config.corpus == Path("speech")
    assert config.trainer.preset == "demo"
    assert (config.study.trials, config.study.timeout, config.study.jobs) == (3, 5400.0, 4)
    assert config.study.budget == 72_000.0
    assert config.study.name == "Голос"
    assert config.storage.url.get_secret_value() == "sqlite:///x.db"


def test_options_above_environment_above_file(
    cli: Callable[..., Any], started: list[StudyConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("my.yaml").write_text("study: {name: filed, trials: 5, jobs: 3, seed: 9}\n")
    monkeypatch.setenv("SMART_TUNER_STUDY__TRIALS", "6")
    monkeypatch.setenv("SMART_TUNER_STUDY__JOBS", "5")
    cli("start", "study", "--config", "my.yaml", "--trials", "7")
    study = started[0].study
    assert (study.name, study.trials, study.jobs, study.seed) == ("filed", 7, 5, 9)


@pytest.mark.parametrize("options", [[], ["--config", "study.yaml"]])
def test_a_study_yaml_is_read_only_where_it_is_named(
    options: list[str], cli: Callable[..., Any], started: list[StudyConfig]
) -> None:
    Path("study.yaml").write_text("study: {trials: 5}\n")
    said = cli("start", "study", *options)
    hint = "note: study.yaml is here and not read; to use it: --config study.yaml\n"
    assert said.err == ("" if options else hint)
    assert started[0].study.trials == (5 if options else 12)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--trials", "0"], "command line: study.trials=0: "),
        (["--timeout", "soon"], "command line: study.timeout: 'soon' is no duration"),
        (["--name", "a/b"], "command line: study.name: 'a/b' cannot name a folder"),
        (["--preset", "dmeo"], "command line: trainer.preset='dmeo'"),
        (["--config", "nowhere.yaml"], "nowhere.yaml: no such file"),
    ],
)
def test_wrong_options(
    options: list[str], expected: str, cli: Callable[..., Any], started: list[StudyConfig]
) -> None:
    said = cli("start", "study", *options)
    assert said.code == TunerExit.BAD_INPUT
    assert expected in said.err
    assert said.err.count("\n") == 1
    assert started == []


def test_what_is_wrong_with_the_database_is_one_line(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(_: Any) -> TunerExit:
        raise StorageError("sqlite:///x.db: gone: bring it back")

    monkeypatch.setattr("smart_tuner.cli.start_study.SmartTunerMain.run", run)
    said = cli("start", "study")
    assert (said.code, said.err) == (2, "error: sqlite:///x.db: gone: bring it back\n")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--corpus", "nowhere"], "'nowhere'"),
        (["--storage", "sqlite:///nowhere/x.db"], "sqlite:///nowhere/x.db: the directory"),
    ],
)
def test_for_real(options: list[str], expected: str, cli: Callable[..., Any]) -> None:
    said = cli("start", "study", *options)
    assert said.code == TunerExit.BAD_INPUT
    assert expected in said.err
    assert said.err.count("\n") == 1
