"""The best voice of a study as a version of a registered model."""

import hashlib
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from smart_tuner.sinks.mlflow_runs import StudyRuns
from smart_tuner.sinks.mlflow_words import trial_tags
from storage.database import Database
from storage.records import StudyRecord, TrialRecord
from storage.trials import Trials

ALIAS = "best"
_CODE = Path(__file__).with_name("voice_model.py")
_FOLDER = "model"
_TEMPORARY = ".model-"
_DIGEST = "smart_tuner.checkpoint_sha256"


def model_name(study: str) -> str:
    """Of the registered model; MLflow takes no slashes and colons."""
    return f"smart-tuner-{study}".replace("/", "-").replace(":", "-")


def register_best(
    client: MlflowClient,
    runs: StudyRuns,
    database: Database,
    study: StudyRecord,
    folder: Path,
) -> ModelVersion | None:
    """Make the best trial's checkpoint the newest version, with the alias ``best``.

    With several objectives it is the best trial by the first of them.

    Args:
        client: of the store.
        runs: the study's runs in it.
        database: where the study is.
        study: the study.
        folder: of its run directories.

    Returns:
        The version; ``None`` where it is one already, or there is no such checkpoint here.
    """
    direction = study.identity["direction"]
    trial = Trials(database).best(
        study.name, direction if isinstance(direction, str) else direction[0]
    )
    checkpoint = None if trial is None else _checkpoint(trial, folder)
    if trial is None or checkpoint is None:
        return None
    name = model_name(study.name)
    digest = _sha256(checkpoint)
    if _current_digest(client, name) == digest:
        return None
    run = runs.ensure(trial.number, f"trial {trial.number}", trial.started_at, trial_tags(trial))
    _upload_model(client, run.info.run_id, checkpoint)
    return _new_version(client, name, run.info.run_id, trial, digest)


def _checkpoint(trial: TrialRecord, folder: Path) -> Path | None:
    """Where it was written, or where it lies since the study's folder was moved."""
    if trial.checkpoint is None:
        return None
    written = Path(trial.checkpoint)
    moved = folder / str(trial.number) / written.parent.name / written.name
    return next((path for path in (written, moved) if path.is_file()), None)


def _upload_model(client: MlflowClient, run_id: str, checkpoint: Path) -> None:
    """By way of the study's folder, where there is room for checkpoints."""
    room = checkpoint.parents[2]
    for left in room.glob(f"{_TEMPORARY}*"):  # by a process that was killed at it
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=room) as folder:
        place = Path(folder) / _FOLDER
        own = Path(folder) / "checkpoint.pt"
        shutil.copyfile(checkpoint, own)
        mlflow.pyfunc.save_model(
            str(place),
            python_model=str(_CODE),
            artifacts={"checkpoint": str(own)},
            pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow", "smart-tuner")],
        )
        client.log_artifacts(run_id, str(place), _FOLDER)


def _new_version(
    client: MlflowClient, name: str, run_id: str, trial: TrialRecord, digest: str
) -> ModelVersion:
    try:
        client.create_registered_model(name, description=f"Voices of the study '{trial.study}'.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(
        name,
        source=f"runs:/{run_id}/{_FOLDER}",
        run_id=run_id,
        tags={_DIGEST: digest, "smart_tuner.trial": str(trial.number)},
        description=f"Trial {trial.number}, value {trial.value}.",
    )
    client.set_registered_model_alias(name, ALIAS, made.version)
    return made


def _current_digest(client: MlflowClient, name: str) -> str | None:
    """Of the checkpoint in the version that bears the alias."""
    try:
        found = client.get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return found.tags.get(_DIGEST)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
