"""MLflow's runs of a study: one for it, one for each trial; found again, never made twice."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_SOURCE_NAME, MLFLOW_SOURCE_TYPE

from storage.database import Database
from storage.events import Events
from storage.records import EventRecord, StudyRecord

KIND = "mlflow_run"
"""Of the event that tells readers where a run is."""
_KEY = "smart_tuner.key"
_FOUND = 100


class StudyRuns:
    """The runs of one study in one experiment.

    A run is known by an event of ours, and in MLflow by a tag. Where a process died between the
    two, it is found by the tag; where two processes on two machines made the same run at once, the
    one that our database noted first stays.

    Args:
        client: of the store.
        database: where the study is.
        study: the study.
        experiment: its id.
        store: which store it is.
        pages: where a browser finds it.
    """

    def __init__(
        self,
        client: MlflowClient,
        database: Database,
        study: StudyRecord,
        experiment: str,
        store: str,
        pages: str,
    ) -> None:
        self._client, self._events = client, Events(database)
        self._study, self._experiment, self._store = study, experiment, store
        self._pages = pages

    def url(self, run_id: str) -> str:
        """Where a browser finds a run."""
        return f"{self._pages}/#/experiments/{self._experiment}/runs/{run_id}"

    def ensure(
        self,
        number: int | None,
        name: str,
        began: datetime | None,
        tags: Mapping[str, str],
        parent: str | None = None,
    ) -> Run:
        """The run of a trial, or the study's own: the one there is, else a new one.

        Args:
            number: the trial's; ``None``: the study's own run.
            name: of a new run.
            began: when that began.
            tags: of a new run.
            parent: the id of the run that it belongs to.
        """
        found = self._noted(number) or self._tagged(number)
        if found is None:
            found = self._create(number, name, began, tags, parent)
        if not self._is_noted(number, found.info.run_id):
            self._note(number, found.info.run_id)
            first = self._noted(number)
            if first is not None and first.info.run_id != found.info.run_id:
                self._client.delete_run(found.info.run_id)
                return first
        return found

    def _noted(self, number: int | None) -> Run | None:
        """The first that our database names, and that is still there."""
        for event in self._notes(number):
            run = self._get(str(event.payload["run_id"]))
            if run is not None:
                return run
        return None

    def _is_noted(self, number: int | None, run_id: str) -> bool:
        return any(event.payload["run_id"] == run_id for event in self._notes(number))

    def _notes(self, number: int | None) -> list[EventRecord]:
        events = self._events.list_of(self._study.name, number, (KIND,))
        return [
            event for event in events
            if event.number == number and event.payload.get("store") == self._store
        ]  # fmt: skip

    def _note(self, number: int | None, run_id: str) -> None:
        payload = {
            "run_id": run_id,
            "experiment_id": self._experiment,
            "url": self.url(run_id),
            "store": self._store,
        }
        event = EventRecord(study=self._study.name, kind=KIND, number=number, payload=payload)
        self._events.append([event])

    def _get(self, run_id: str) -> Run | None:
        try:
            run = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return run if run.info.lifecycle_stage == "active" else None

    def _tagged(self, number: int | None) -> Run | None:
        found = self._client.search_runs(
            [self._experiment],
            f"tags.`{_KEY}` = '{self._key(number)}'",
            ViewType.ACTIVE_ONLY,
            _FOUND,
            ["attributes.start_time ASC"],
        )
        return found[0] if found else None

    def _create(
        self,
        number: int | None,
        name: str,
        began: datetime | None,
        tags: Mapping[str, str],
        parent: str | None,
    ) -> Run:
        own = {_KEY: self._key(number), MLFLOW_SOURCE_NAME: "smart-tuner",
               MLFLOW_SOURCE_TYPE: "LOCAL"}  # fmt: skip
        if parent is not None:
            own[MLFLOW_PARENT_RUN_ID] = parent
        return self._client.create_run(
            self._experiment, milliseconds(began), {**own, **tags}, run_name=name
        )

    def _key(self, number: int | None) -> str:
        """A study deleted and begun anew under its name is another one."""
        text = f"{self._study.name}\n{self._study.created_at.isoformat()}\n{number}"
        return hashlib.sha256(text.encode()).hexdigest()


def milliseconds(moment: datetime | None) -> int | None:
    """As MLflow counts time."""
    return None if moment is None else round(moment.timestamp() * 1000)
