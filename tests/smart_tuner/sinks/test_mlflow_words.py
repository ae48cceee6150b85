import json
import math
from pathlib import Path

import pytest

from smart_tuner.sinks.metrics import Point, points_of
from smart_tuner.sinks.mlflow_words import (
    count_events,
    event_tags,
    files_of,
    state_of_study,
    state_of_trial,
    study_params,
    trial_tags,
)
from storage.records import StudyRecord, StudyState, TrialRecord, TrialState
from trainer.events import Checkpoint, DebugReport, Evaluation, Gradient, Header, Step, Warned


def test_every_number_is_a_point() -> None:
    step = Step(3, {"train.loss": math.nan, "gradient.norm": math.inf}, time=12.345)
    loss, norm = points_of(step)
    assert loss[0] == "train.loss"
    assert math.isnan(loss.value)
    assert norm == Point("gradient.norm", math.inf, 3, 12.345)
    assert points_of(Header(2)) == []


def test_events_are_counted_and_the_last_one_is_told() -> None:
    counts: dict[str, int] = {}
    last: dict[str, str] = {}
    for norm in (11.0, 12.5):
        count_events(counts, last, Gradient(7, "warning", norm, 10.0, time=1.0))
    count_events(counts, last, Step(7, {"train.loss": 1.0}))
    count_events(counts, last, Checkpoint(7, "checkpoints/last.pt"))
    assert event_tags(counts, last) == {
        "event.gradient": "step=7 level=warning norm=12.5 threshold=10.0",
        "event.gradient.count": "2",
    }


def test_tags_are_of_bounded_length() -> None:
    counts: dict[str, int] = {}
    last: dict[str, str] = {}
    count_events(counts, last, Warned(1, "x" * 9000))
    assert len(event_tags(counts, last)["event.warning"]) == 1000


def test_a_trial_that_is_not_known_well_yet() -> None:
    tags = trial_tags(TrialRecord(study="Голос", number=4, params={"lr": 1e-3}))
    assert tags["smart_tuner.study"] == "Голос"
    assert tags["smart_tuner.reason"] == ""
    assert json.loads(tags["smart_tuner.searched"]) == {"lr": 1e-3}


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (TrialState.RUNNING, "RUNNING"),
        (TrialState.PAUSED, "SCHEDULED"),
        (TrialState.COMPLETE, "FINISHED"),
        (TrialState.PRUNED, "KILLED"),
        (TrialState.FAILED, "FAILED"),
    ],
)
def test_states_of_trials(state: TrialState, word: str) -> None:
    assert state_of_trial(state) == word


def test_states_of_studies() -> None:
    assert state_of_study(StudyState.RUNNING) == "RUNNING"
    assert state_of_study(StudyState.STOPPED) == "SCHEDULED"
    assert state_of_study(StudyState.FINISHED) == "FINISHED"


def test_a_study_as_parameters() -> None:
    config = {
        "study": {"name": "a", "objective": ["quality"]},
        "space": {"learning_rate": {"type": "float"}},
        "probes": [],
        "corpus": None,
        "mlflow": {"experiment": "x"},
    }
    params = study_params(StudyRecord(name="a", identity={"corpus": "ab12"}, config=config))
    assert params == {
        "study.name": "a",
        "study.objective": '["quality"]',
        "space": '{"learning_rate": {"type": "float"}}',
        "probes": "[]",
        "corpus": "null",
        "corpus_sha256": "ab12",
    }


def test_only_files_that_are_there_and_inside(tmp_path: Path) -> None:
    run = tmp_path / "0"
    (run / "samples").mkdir(parents=True)
    (run / "debug/01_x").mkdir(parents=True)
    (tmp_path / "secret.wav").touch()
    (run / "samples/a.png").touch()
    evaluation = Evaluation(3, {}, "samples/a.png", "../secret.wav", True, 0.1)
    assert list(files_of(evaluation, run)) == [(run / "samples/a.png", "samples")]
    assert list(files_of(Evaluation(3, {}, "", "samples/b.wav", True, 0.1), run)) == []
    assert list(files_of(DebugReport(3, "x", "debug/01_x"), run)) == [(run / "debug/01_x", "debug")]
