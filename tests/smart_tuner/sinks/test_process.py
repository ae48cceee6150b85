"""The sink process where it can't be started: the study goes on without it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from smart_tuner.control.stopping import StopSwitch
from smart_tuner.sinks.process import SinkProcess
from smart_tuner.sinks.settings import SinkSettings

Workshop = Any


def test_where_its_log_has_no_room_the_study_goes_on(workshop: Workshop, tmp_path: Path) -> None:
    config = workshop.config(sinks={"mlflow": True})
    settings = replace(SinkSettings.of(config, tmp_path), folder=str(tmp_path / "nowhere"))
    said: list[str] = []
    with SinkProcess(lambda line, **style: said.append(line)) as sinks:
        sinks.start(settings)
        sinks.watch()
        sinks.finish(StopSwitch())
    assert len(said) == 2
    assert all("the sink process can't be started" in line for line in said)
