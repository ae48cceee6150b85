"""The artifact store: ids, what it opens, what it refuses, and how files are sent."""

import shutil
from io import BytesIO
from pathlib import Path

import pytest
from optuna.artifacts.exceptions import ArtifactNotFound
from werkzeug.test import Client

from dashboards.web.artifacts import ArtifactsAreFilesError, RunArtifacts, artifact_id
from dashboards.web.run_folders import RunFolders
from storage.database import Database

WAV = "samples/sample_0001000.wav"


@pytest.fixture
def store(database: Database, study: str) -> RunArtifacts:
    return RunArtifacts(RunFolders(database, None))


def test_a_sample_is_opened(store: RunArtifacts, study: str, tmp_path: Path) -> None:
    with store.open_reader(artifact_id(study, 0, WAV)) as file:
        assert file.read() == (tmp_path / "runs" / study / "0" / WAV).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "checkpoints/best.pt",
        "hparams.yaml",
        "../1/samples/sample_0000050.wav",
        "samples/../hparams.yaml",
        "samples/../../../../study.db",
        "/etc/passwd",
        "samples",
        "samples/sample_0009999.wav",
        "samples/.alignment_0000050-ab12.png",
        "",
    ],
)
def test_nothing_else_is(store: RunArtifacts, study: str, path: str) -> None:
    with pytest.raises(ArtifactNotFound):
        store.open_reader(artifact_id(study, 0, path))


@pytest.mark.parametrize("text", ["", "zz", "616", "ff", "6162", "64656d6f2f782f79", "2f2f"])
def test_what_is_no_id_of_ours_names_nothing(store: RunArtifacts, text: str) -> None:
    with pytest.raises(ArtifactNotFound):
        store.open_reader(text)


def test_links_lead_nowhere(store: RunArtifacts, study: str, tmp_path: Path) -> None:
    run, outside = tmp_path / "runs" / study / "0", tmp_path / "outside"
    shutil.move(run / "samples", outside)
    (run / "samples").symlink_to(outside)
    with pytest.raises(ArtifactNotFound, match="outside"):
        store.open_reader(artifact_id(study, 0, WAV))
    (run / "samples").unlink()
    (run / "samples").mkdir()
    (run / WAV).symlink_to(outside / Path(WAV).name)
    with pytest.raises(ArtifactNotFound):
        store.open_reader(artifact_id(study, 0, WAV))


def test_a_moved_run_is_found_where_the_server_is_told(
    database: Database, study: str, tmp_path: Path
) -> None:
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    with pytest.raises(ArtifactNotFound):
        RunArtifacts(RunFolders(database, None)).open_reader(artifact_id(study, 0, WAV))
    moved = RunArtifacts(RunFolders(database, tmp_path / "elsewhere"))
    moved.open_reader(artifact_id(study, 0, WAV)).close()


def test_nobody_writes_or_removes(store: RunArtifacts, study: str) -> None:
    with pytest.raises(ArtifactsAreFilesError, match="trainers alone"):
        store.write("00", BytesIO())
    with pytest.raises(ArtifactsAreFilesError, match="smart-tuner delete"):
        store.remove(artifact_id(study, 0, WAV))


def test_sound_is_sent_whole_and_in_parts(site: Client, study: str, tmp_path: Path) -> None:
    sound = (tmp_path / "runs" / study / "0" / WAV).read_bytes()
    path = f"/artifacts/1/1/{artifact_id(study, 0, WAV)}"
    whole = site.get(path)
    assert (whole.data, whole.mimetype) == (sound, "audio/wav")
    assert "Access-Control-Allow-Origin" not in whole.headers
    assert "sandbox" in whole.headers.getlist("Content-Security-Policy")
    part = site.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, sound[10:20])
    assert site.get(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_unknown_artifacts_and_those_of_other_trials_are_not_found(
    site: Client, study: str, database: Database
) -> None:
    for path in ("1/1/abcd", "1/1/zz", "9/9/abcd"):
        assert site.get(f"/artifacts/{path}").status_code == 404
    assert site.get(f"/artifacts/1/2/{artifact_id(study, 0, WAV)}").status_code == 404
