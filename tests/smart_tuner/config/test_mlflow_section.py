from pathlib import Path

import pytest

from smart_tuner.config import StudyConfig, load_config
from smart_tuner.config.mlflow_section import MlflowSection, without_passwords
from trainer.exit_codes import BadInputError

DEFAULT = "sqlite:///mlflow.db"


def section(uri: str) -> MlflowSection:
    return load_config(None, {"mlflow": {"tracking_uri": uri}}, environ={}).mlflow


def test_what_stands_above_what(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("mlflow: {tracking_uri: http://file}", encoding="utf-8")
    plain = {"MLFLOW_TRACKING_URI": "http://mlflows"}
    ours = {**plain, "SMART_TUNER_MLFLOW__TRACKING_URI": "http://ours"}
    empty = {"MLFLOW_TRACKING_URI": ""}
    said = [
        load_config(path, {}, environ=environ).mlflow.tracking_uri.get_secret_value()
        for path, environ in [(None, {}), (None, empty), (None, plain), (file, plain), (file, ours)]
    ]
    assert said == [DEFAULT, DEFAULT, "http://mlflows", "http://file", "http://ours"]


def test_a_notebook_hears_mlflows_variable_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert StudyConfig().mlflow.uri == "http://host:5000"
    mlflow = {"tracking_uri": "http://said"}
    assert StudyConfig(mlflow=mlflow).mlflow.uri == "http://said"


REFUSED = {
    "mlruns": "a folder can't be used (MLflow keeps no runs in folders any more)",
    "./mlruns": "a folder can't be used",
    "/data/mlruns": "a folder can't be used",
    "file:///data/mlruns": "a folder can't be used",
    "": "a folder can't be used",
    "redis://host": "'redis:' can't be used (unknown store)",
    "sqlite://": "'sqlite:' can't be used",
    "sqlite:///:memory:": "'sqlite:' can't be used",
    "postgresql:": "'postgresql:' can't be used",
}


@pytest.mark.parametrize(("uri", "message"), REFUSED.items())
def test_stores_that_are_refused(uri: str, message: str) -> None:
    with pytest.raises(BadInputError) as raised:
        section(uri)
    text = str(raised.value)
    assert text.startswith(f"command line: mlflow.tracking_uri: {message}")
    assert text.endswith(
        "write sqlite:///mlflow.db, another database's URL, or that of a server, such as "
        "http://127.0.0.1:5000"
    )


def test_where_the_environment_is_wrong_it_is_named() -> None:
    with pytest.raises(BadInputError, match=r"^environment MLFLOW_TRACKING_URI: mlflow\.tracking"):
        load_config(None, {}, environ={"MLFLOW_TRACKING_URI": "mlruns"})


def test_no_password_is_shown() -> None:
    for uri in ("https://u:secret@host/", "postgresql+psycopg://u:secret@host/db?password=secret"):
        mlflow = section(uri)
        assert mlflow.uri == uri
        shown = [repr(mlflow), mlflow.safe_uri, mlflow.pages, str(mlflow.model_dump_json())]
        assert not [text for text in shown if "secret" in text.replace("'tracking_uri'", "")]
    with pytest.raises(BadInputError) as raised:
        load_config(None, {"mlflow": {"tracking_uri": ["u:secret@host"]}}, environ={})
    assert "secret" not in str(raised.value)
    config = load_config(None, {"mlflow": {"tracking_uri": "http://u:secret@h"}}, environ={})
    assert "tracking_uri" not in config.record()["mlflow"]


def test_passwords_in_other_peoples_words() -> None:
    said = "API request to http://u:se:cret@host:5000/api and postgresql://u@h/db failed: a@b"
    assert without_passwords(said) == (
        "API request to http://host:5000/api and postgresql://h/db failed: a@b"
    )


def test_where_a_browser_finds_it() -> None:
    assert section(DEFAULT).pages == "http://127.0.0.1:5000"
    assert section("https://host/mlflow/").pages == "https://host/mlflow"
    sections = {"mlflow": {"tracking_uri": "http://mlflow:5000", "ui": "http://127.0.0.1:5001/"}}
    assert load_config(None, sections, environ={}).mlflow.pages == "http://127.0.0.1:5001"
    with pytest.raises(BadInputError, match=r"mlflow\.ui: 'host:5000' is no address of a page"):
        load_config(None, {"mlflow": {"ui": "host:5000"}}, environ={})


def test_a_file_is_meant_from_the_working_directory() -> None:
    assert section(DEFAULT).uri == f"sqlite:///{Path('mlflow.db').resolve()}"
    assert section(DEFAULT).safe_uri == DEFAULT


def test_sections_of_other_programs_are_left_alone() -> None:
    environ = {"SMART_TUNER_DASHBOARD__PASSWORD": "x", "SMART_TUNER_TELEGRAM__TOKEN": "y"}
    assert load_config(None, {}, environ=environ) == load_config(None, {}, environ={})
