"""The MLflow logger: a run for the study, a nested one for each trial, and all that they say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from smart_tuner.sinks.bookmark import Bookmark
from smart_tuner.sinks.metrics import points_of
from smart_tuner.sinks.mlflow_client import make_client, translated
from smart_tuner.sinks.mlflow_dataset import dataset_input
from smart_tuner.sinks.mlflow_experiment import experiment_of
from smart_tuner.sinks.mlflow_models import register_best
from smart_tuner.sinks.mlflow_runs import StudyRuns, milliseconds
from smart_tuner.sinks.mlflow_words import (
    count_events,
    event_tags,
    files_of,
    state_of_study,
    state_of_trial,
    study_params,
    study_tags,
    trial_params,
    trial_tags,
)
from smart_tuner.sinks.settings import MlflowPlace
from storage.database import Database
from storage.records import StudyRecord, StudyState, TrialRecord, TrialRole
from storage.status import read
from storage.studies import Studies
from trainer.events import Event
from trainer.paths import RunPaths

_T = TypeVar("_T")
_METRICS_A_CALL = 900
"""MLflow takes 1000 entries a call, tags among them."""
_PARAMS_A_CALL = 100
_NAMES = {TrialRole.PROBE: "probe", TrialRole.FINISH: "finish"}


class MlflowTarget:
    """Tells MLflow of one study.

    Args:
        place: where in MLflow.
        database: where the study is.
        folder: of the study's run directories.
        say: tells a person one line.
    """

    name = "MLflow"

    def __init__(
        self, place: MlflowPlace, database: Database, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._place, self._database, self._folder, self._say = place, database, folder, say
        self._opened: tuple[MlflowClient, StudyRuns, str, str] | None = None
        self._study_tags: dict[str, str] = {}
        self._trial_tags: dict[int, dict[str, str]] = {}

    def open(self, study: StudyRecord) -> str:
        """The experiment and the study's own run, found or made; which store it is."""
        if self._opened is None:
            client = make_client(self._place.uri)
            with translated(self._place.uri):
                experiment = experiment_of(client, self._place.uri, self._place.experiment)
                store = f"{self._place.safe_uri} {experiment.experiment_id}"
                store += f" {experiment.creation_time}"
                runs = StudyRuns(
                    client, self._database, study, experiment.experiment_id, store,
                    self._place.pages,
                )  # fmt: skip
                run = runs.ensure(None, study.name, study.created_at, {})
                self._begin_study(client, run, study)
            self._opened = client, runs, run.info.run_id, store
            self._say(f"MLflow: {runs.url(run.info.run_id)}")
        return self._opened[3]

    def begin(self, trial: TrialRecord, mark: Bookmark) -> None:
        """The trial's run, found or made, with its parameters and the data it learns from."""
        client, runs, parent, _ = self._ready
        name = f"{_NAMES.get(trial.role, 'trial')} {trial.number}"
        with translated(self._place.uri, may_refuse=True):
            run = runs.ensure(trial.number, name, trial.started_at, trial_tags(trial), parent)
            mark.run_id = run.info.run_id
            hparams = RunPaths(Path(str(trial.run_dir))).hparams
            _log_params(client, run, trial_params(hparams))
            study = self._study(trial.study)
            client.log_inputs(mark.run_id, [dataset_input(study)])
            client.log_artifact(mark.run_id, str(hparams))
            client.update_run(mark.run_id, state_of_trial(trial.state))
        self._trial_tags.pop(trial.number, None)

    def deliver(self, trial: TrialRecord, mark: Bookmark, events: Sequence[Event]) -> None:
        """Metrics by the thousand, the files that events name, how the trial stands."""
        client = self._ready[0]
        metrics = [
            Metric(point.name, point.value, round(point.time * 1000), point.step)
            for event in events for point in points_of(event)
        ]  # fmt: skip
        for event in events:
            count_events(mark.counts, mark.last, event)
        with translated(self._place.uri, may_refuse=True):
            for event in events:
                for path, folder in files_of(event, Path(str(trial.run_dir))):
                    _upload(client, mark.run_id, path, folder)
            *parts, last = [*_parts(metrics, _METRICS_A_CALL)] or [[]]
            for part in parts:
                client.log_batch(mark.run_id, metrics=part)
            self._tell_trial(client, trial, mark, last)

    def settle(self, trial: TrialRecord, mark: Bookmark) -> None:
        """How it ended, or that it waits; where its trainer hung."""
        client = self._ready[0]
        with translated(self._place.uri, may_refuse=True):
            for path in sorted(Path(str(trial.run_dir)).glob("debug/stalled_*.txt")):
                client.log_artifact(mark.run_id, str(path), "debug")
            self._tell_trial(client, trial, mark)
            state = state_of_trial(trial.state)
            if trial.state.ended:
                client.set_terminated(mark.run_id, state, milliseconds(trial.ended_at))
            else:
                client.update_run(mark.run_id, state)
        self._trial_tags.pop(trial.number, None)

    def tell_study(self, study: StudyRecord) -> None:
        """Counts, the best trial, the state; only what has changed is sent."""
        client, _, run_id, _ = self._ready
        status = read(self._database, study.name)
        tags = study_tags(study, status)
        if tags == self._study_tags:
            return
        state = state_of_study(status.state)
        with translated(self._place.uri):
            _log_tags(client, run_id, _changed(tags, self._study_tags))
            if status.state is StudyState.FINISHED:
                client.set_terminated(run_id, state, milliseconds(study.updated_at))
            else:
                client.update_run(run_id, state)
        self._study_tags = tags

    def finish(self, study: StudyRecord) -> None:
        """Of a study that has ended for good the best voice becomes a model's newest version."""
        if study.state is not StudyState.FINISHED:
            return
        client, runs, _, _ = self._ready
        with translated(self._place.uri):
            version = register_best(client, runs, self._database, study, self._folder)
        if version is not None:
            self._say(f"MLflow: the best voice is models:/{version.name}@best, {version.version}")

    @property
    def _ready(self) -> tuple[MlflowClient, StudyRuns, str, str]:
        assert self._opened is not None, "open() comes first"
        return self._opened

    def _study(self, name: str) -> StudyRecord:
        study = Studies(self._database).get(name)
        assert study is not None
        return study

    def _begin_study(self, client: MlflowClient, run: Run, study: StudyRecord) -> None:
        _log_params(client, run, study_params(study))
        client.log_inputs(run.info.run_id, [dataset_input(study)])
        client.log_dict(run.info.run_id, dict(study.config), "study.json")

    def _tell_trial(
        self,
        client: MlflowClient,
        trial: TrialRecord,
        mark: Bookmark,
        metrics: Sequence[Metric] = (),
    ) -> None:
        before = self._trial_tags.get(trial.number, {})
        tags = trial_tags(trial) | event_tags(mark.counts, mark.last)
        _log_tags(client, mark.run_id, _changed(tags, before), metrics)
        self._trial_tags[trial.number] = tags


def _changed(tags: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if before.get(name) != value}


def _log_tags(
    client: MlflowClient, run_id: str, tags: Mapping[str, str], metrics: Sequence[Metric] = ()
) -> None:
    if tags or metrics:
        changed = [RunTag(name, value) for name, value in tags.items()]
        client.log_batch(run_id, metrics=metrics, tags=changed)


def _log_params(client: MlflowClient, run: Run, params: Mapping[str, str]) -> None:
    """Once: MLflow never changes a parameter, and what a run has already stays."""
    missing = [Param(name, value) for name, value in params.items() if name not in run.data.params]
    for part in _parts(missing, _PARAMS_A_CALL):
        client.log_batch(run.info.run_id, params=part)


def _upload(client: MlflowClient, run_id: str, path: Path, folder: str) -> None:
    if path.is_dir():
        client.log_artifacts(run_id, str(path), f"{folder}/{path.name}")
    else:
        client.log_artifact(run_id, str(path), folder)


def _parts(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    for begin in range(0, len(items), size):
        yield list(items[begin : begin + size])
