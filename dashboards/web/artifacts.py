"""Files of run directories as Optuna's artifacts: named, described and opened, never copied."""

import json
import os
from typing import BinaryIO

from optuna.artifacts.exceptions import ArtifactNotFound

from dashboards.web.run_files import RunFile, run_files
from dashboards.web.run_folders import RunFolders

ATTRIBUTE_PREFIX = "artifacts:"


class ArtifactsAreFilesError(Exception):
    """Artifacts are files that trainers write; nobody else adds any or takes any away."""


def artifact_id(study: str, number: int, path: str) -> str:
    """The id of a file of a trial's run directory: hexadecimal, as optuna-dashboard's routes ask.

    Args:
        study: the trial's; its name holds no slash.
        number: the trial's.
        path: relative to the run directory.
    """
    return f"{study}/{number}/{path}".encode().hex()


def described(study: str, number: int, file: RunFile) -> dict[str, str | None]:
    """What Optuna keeps of an artifact."""
    return {
        "artifact_id": artifact_id(study, number, file.path),
        "filename": file.name,
        "mimetype": file.mimetype,
        "encoding": None,
    }


class RunArtifacts:
    """An artifact store of Optuna's over run directories."""

    def __init__(self, folders: RunFolders) -> None:
        self._folders = folders

    def attributes(self, study: str, number: int) -> dict[str, str]:
        """The system attributes by which a trial of Optuna's names its artifacts."""
        folder = self._folders.get(study, number)
        files = () if folder is None else run_files(folder)
        descriptions = [described(study, number, file) for file in files]
        return {f"{ATTRIBUTE_PREFIX}{one['artifact_id']}": json.dumps(one) for one in descriptions}

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The file, opened to be read.

        Raises:
            ArtifactNotFound: it names no file that is shown; nothing outside of the run directory
                is, and no link.
        """
        study, number, path = _named(artifact_id)
        folder = self._folders.get(study, number)
        if folder is None or path not in {file.path for file in run_files(folder)}:
            raise ArtifactNotFound(f"no artifact {artifact_id!r}")
        inside = folder.resolve()
        if not (inside / path).resolve().is_relative_to(inside):
            raise ArtifactNotFound(f"artifact {artifact_id!r} lies outside of its run directory")
        try:
            return open(inside / path, "rb", opener=_no_link)
        except OSError as error:
            raise ArtifactNotFound(f"no artifact {artifact_id!r} any more") from error

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Refused.

        Raises:
            ArtifactsAreFilesError: always.
        """
        raise ArtifactsAreFilesError("artifacts are files of runs: trainers alone write them")

    def remove(self, artifact_id: str) -> None:
        """Refused.

        Raises:
            ArtifactsAreFilesError: always.
        """
        raise ArtifactsAreFilesError(
            "artifacts are files of runs: 'smart-tuner storage prune' and 'smart-tuner delete'"
            " delete files"
        )


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _named(artifact_id: str) -> tuple[str, int, str]:
    """Study, number and path of an id.

    Raises:
        ArtifactNotFound: it is none of ours.
    """
    try:
        study, number, path = bytes.fromhex(artifact_id).decode().split("/", 2)
        return study, int(number), path
    except ValueError as error:
        raise ArtifactNotFound(f"no artifact {artifact_id!r}") from error
