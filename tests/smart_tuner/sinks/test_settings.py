from pathlib import Path

from smart_tuner.config import load_config
from smart_tuner.sinks.settings import SinkSettings


def test_they_travel_as_one_line() -> None:
    sections = {
        "study": {"name": "a"},
        "sinks": {"tensorboard": True},
        "mlflow": {"tracking_uri": "https://u:secret@host:5000", "ui": "http://pages/"},
    }
    settings = SinkSettings.of(load_config(None, sections, environ={}), Path("runs/a"))
    assert settings.mlflow is not None
    assert settings.mlflow.uri == "https://u:secret@host:5000"
    assert settings.mlflow.safe_uri == "https://host:5000"
    assert settings.mlflow.pages == "http://pages"
    assert settings.folder == str(Path("runs/a").resolve())
    assert "\n" not in settings.to_json()
    assert SinkSettings.from_json(settings.to_json()) == settings
    assert settings.any


def test_nothing_to_do() -> None:
    config = load_config(None, {"sinks": {"mlflow": False}}, environ={})
    settings = SinkSettings.of(config, Path("runs/a"))
    assert not settings.any
    assert SinkSettings.from_json(settings.to_json()) == settings
