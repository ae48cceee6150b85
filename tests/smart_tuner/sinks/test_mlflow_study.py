"""A finished study as MLflow has it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from smart_tuner.exit_codes import TunerExit
from smart_tuner.sinks.settings import unsent_marker
from storage.records import TrialState
from storage.studies import Studies

Workshop = Any
MlflowOf = Callable[[Workshop], Any]
# A good trial, and one that explodes, is rescued and explodes again.
STUDY: dict[str, Any] = {
    "study": {"trials": 1, "rescue": True},
    "trainer": {"steps": 24, "evaluate_every": 6},
    "probes": [{"learning_rate": 0.9}],
    "sinks": {"mlflow": True, "tensorboard": True},
}


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, open_workshop: Any, stub: tuple[str, ...]
) -> Iterator[Any]:
    """The study, and how its controller ended."""
    with open_workshop(tmp_path_factory.mktemp("finished"), *stub) as workshop:
        yield workshop, workshop.run(**STUDY)


@pytest.fixture(scope="module")
def workshop(finished: Any) -> Workshop:
    """Where the study was run."""
    return finished[0]


@pytest.fixture(scope="module")
def runs(workshop: Workshop, mlflow_of: MlflowOf) -> dict[str, Any]:
    """MLflow's runs by name."""
    return {run.name: run for run in mlflow_of(workshop).runs()}


def artifacts(workshop: Workshop, mlflow_of: MlflowOf, run: Any) -> Path:
    """Where MLflow keeps the files of a run."""
    query = "SELECT artifact_uri FROM runs WHERE run_uuid = ?"
    ((uri,),) = mlflow_of(workshop).rows(query, run.id)
    return Path(unquote(urlsplit(uri).path))


def test_one_run_a_trial_and_every_point_once(
    finished: Any, assert_complete: Callable[[Workshop], None]
) -> None:
    workshop, ran = finished
    assert ran.code is TunerExit.FINISHED, ran.out
    assert_complete(workshop)


def test_how_they_ended(runs: dict[str, Any], workshop: Workshop) -> None:
    states = {trial.number: trial.state for trial in workshop.trials()}
    assert states == {0: TrialState.COMPLETE, 1: TrialState.PRUNED}
    assert {name: run.status for name, run in runs.items()} == {
        "speech": "FINISHED",
        "trial 0": "FINISHED",
        "probe 1": "KILLED",
    }
    pruned = runs["probe 1"].tags
    assert pruned["smart_tuner.reason"] == "gradient_explosion"
    assert pruned["smart_tuner.role"] == "probe"
    assert json.loads(pruned["smart_tuner.searched"]) == {"learning_rate": 0.9}
    assert runs["speech"].tags["smart_tuner.best"].startswith("trial 0: ")


def test_every_hyperparameter_is_a_parameter(runs: dict[str, Any], workshop: Workshop) -> None:
    hparams = yaml.safe_load(workshop.paths(1).hparams.read_text())
    assert set(runs["probe 1"].params) == set(hparams)
    assert runs["probe 1"].params["learning_rate"] == "0.9"
    assert runs["speech"].params["trainer.steps"] == "24"
    assert runs["speech"].params["sampler.kind"] == "tpe"
    assert "storage.url" not in runs["speech"].params


def test_other_events_are_tags(runs: dict[str, Any], workshop: Workshop) -> None:
    tags = runs["probe 1"].tags
    rescues = [event for event in workshop.said(1) if event.name == "rescued"]
    assert tags["event.rescued.count"] == str(len(rescues)) != "0"
    assert f"to_step={rescues[-1].to_step}" in tags["event.rescued"]
    assert "cause=gradient_explosion" in tags["event.debug_report"]
    assert tags["event.ended"] == "exit=diverged"
    assert "event.rescued" not in runs["trial 0"].tags


def test_what_is_to_be_seen_and_heard(
    runs: dict[str, Any], workshop: Workshop, mlflow_of: MlflowOf
) -> None:
    good = artifacts(workshop, mlflow_of, runs["trial 0"])
    samples = {path.name for path in (good / "samples").iterdir()}
    assert samples == {path.name for path in workshop.paths(0).samples.iterdir()}
    assert len(samples) == 2 * 4
    assert (good / "hparams.yaml").read_bytes() == workshop.paths(0).hparams.read_bytes()
    study = artifacts(workshop, mlflow_of, runs["speech"]) / "study.json"
    assert json.loads(study.read_text())["study"]["name"] == "speech"


def test_the_corpus_by_its_hash(workshop: Workshop, mlflow_of: MlflowOf) -> None:
    rows = mlflow_of(workshop).rows(
        "SELECT d.name, d.dataset_source, COUNT(*) FROM datasets d "
        "JOIN inputs i ON i.source_id = d.dataset_uuid GROUP BY d.dataset_uuid"
    )
    with workshop.database() as database:
        study = Studies(database).get("speech")
    assert study is not None
    ((name, source, n),) = rows
    assert (name, n) == ("speech", 3)
    assert json.loads(source)["sha256"] == study.identity["corpus"]


def test_our_events_say_where_the_runs_are(runs: dict[str, Any], workshop: Workshop) -> None:
    noted = {event.number: event.payload for event in workshop.kept("mlflow_run")}
    assert {number: payload["run_id"] for number, payload in noted.items()} == {
        None: runs["speech"].id,
        0: runs["trial 0"].id,
        1: runs["probe 1"].id,
    }
    url = f"http://127.0.0.1:5000/#/experiments/1/runs/{runs['trial 0'].id}"
    assert noted[0]["url"] == url
    assert noted[0]["experiment_id"] == "1"


def test_the_best_voice_is_a_model(
    finished: Any, runs: dict[str, Any], mlflow_of: MlflowOf
) -> None:
    workshop, ran = finished
    (version,) = mlflow_of(workshop).rows("SELECT name, version, run_id FROM model_versions")
    assert version == ("smart-tuner-speech", 1, runs["trial 0"].id)
    aliases = mlflow_of(workshop).rows("SELECT alias, version FROM registered_model_aliases")
    assert aliases == [("best", 1)]
    assert "MLflow: the best voice is models:/smart-tuner-speech@best, 1" in ran.out
    kept = artifacts(workshop, mlflow_of, runs["trial 0"]) / "model/artifacts/checkpoint.pt"
    assert kept.read_bytes() == workshop.paths(0).best_checkpoint.read_bytes()


def test_tensorboard_has_the_same(workshop: Workshop) -> None:
    for number in (0, 1):
        (written,) = (workshop.paths(number).root / "tensorboard").iterdir()
        data = written.read_bytes()
        assert data.count(b"train/loss") == len(
            [event for event in workshop.said(number) if event.name == "step"]
        )


def test_a_start_of_a_finished_study_changes_nothing(
    finished: Any, runs: dict[str, Any], mlflow_of: MlflowOf
) -> None:
    workshop, _ = finished
    folder = workshop.folder / "runs/speech"
    assert not unsent_marker(folder).exists()
    assert workshop.run(**STUDY).code is TunerExit.FINISHED
    assert {run.name: run for run in mlflow_of(workshop).runs()} == runs


def test_it_goes_on_where_the_study_does(
    finished: Any, mlflow_of: MlflowOf, assert_complete: Callable[[Workshop], None]
) -> None:
    workshop, _ = finished
    more = {**STUDY, "study": {**STUDY["study"], "trials": 2}}
    assert workshop.run(**more).code is TunerExit.FINISHED
    assert_complete(workshop)
    assert len(mlflow_of(workshop).runs()) == 4
