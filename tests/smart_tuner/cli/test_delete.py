import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from smart_tuner.cli.run_folders import run_folders, size_of
from storage.database import Database
from storage.records import StudyRecord, StudyState, TrialRecord
from storage.studies import Studies
from storage.trials import Trials
from trainer.paths import RunPaths

RUNS = Path("runs/demo")


def names(database: Database) -> list[str]:
    return [study.name for study in Studies(database).list_all()]


def test_takes_rows_and_files(cli: Callable[..., Any], database: Database, study: str) -> None:
    (RUNS / "mels").mkdir()
    Studies(database).create(StudyRecord(name="other", state=StudyState.STOPPED))
    Path("runs/other").mkdir()

    said = cli("delete", study, "--yes")

    assert said.code == 0
    assert "Study demo in sqlite:///smart_tuner.db: 4 trials" in said.out
    assert f"Folder {RUNS.resolve()}: 2.0 kB" in said.out
    assert names(database) == ["other"]
    assert Trials(database).list_of(study) == []
    assert list(Path("runs").iterdir()) == [Path("runs/other")]


def test_keep_files(cli: Callable[..., Any], database: Database, study: str) -> None:
    said = cli("delete", study, "--yes", "--keep-files")
    assert said.code == 0
    assert "Files stay where they are." in said.out
    assert names(database) == []
    assert (RUNS / "2" / "checkpoints" / "best.pt").is_file()


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 4, ["demo"]), ("y\n", 0, [])])
def test_asks(
    answer: str,
    code: int,
    left: list[str],
    cli: Callable[..., Any],
    database: Database,
    study: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("answer").write_text(answer)
    with Path("answer").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        said = cli("delete", study)
    assert said.code == code
    assert "can't be brought back [y/N]" in said.out
    assert names(database) == left
    assert RUNS.exists() == bool(left)


def test_nobody_to_ask(
    cli: Callable[..., Any], database: Database, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        said = cli("delete", study)
    assert said.code == 2
    assert said.err.endswith("error: nobody answered: --yes deletes without asking\n")
    assert names(database) == [study]


def test_an_unknown_study(cli: Callable[..., Any], study: str) -> None:
    said = cli("delete", "dmo", "--yes")
    assert said.code == 2
    assert f"no study called 'dmo'; there are: '{study}'" in said.err


class TestRunning:
    def test_not_under_a_living_controller(
        self, cli: Callable[..., Any], database: Database, running_study: str
    ) -> None:
        said = cli("delete", running_study, "--yes")
        assert said.code == 2
        assert f"study 'live' is running (process {os.getpid()} on " in said.err
        assert "stop it first, with 'smart-tuner stop live --wait'" in said.err
        assert names(database) == ["live"]
        assert Path("runs/live/0").is_dir()

    def test_a_dead_controllers_study_goes_and_its_trainer_ends_first(
        self,
        cli: Callable[..., Any],
        database: Database,
        running_study: str,
        fall_silent: Callable[[str], None],
        python: Callable[..., Any],
    ) -> None:
        fall_silent(running_study)
        orphan = python("-c", "import time; time.sleep(60)")
        started = psutil.Process(orphan.pid).create_time()
        process = RunPaths(Path("runs/live/0")).process
        process.write_text(f'{{"pid": {orphan.pid}, "started": {started}}}')

        assert cli("delete", running_study, "--yes").code == 0

        assert orphan.poll() is not None
        assert names(database) == []
        assert not Path("runs/live").exists()


def test_files_that_cannot_go_keep_the_study(
    cli: Callable[..., Any], database: Database, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path / "2"))

    monkeypatch.setattr("smart_tuner.cli.delete.shutil.rmtree", refuse)
    said = cli("delete", study, "--yes")
    assert said.code == 2
    assert "runs/demo/2: can't be deleted (Permission denied)" in said.err
    assert names(database) == [study]


def trial(run_dir: Path, number: int = 0) -> TrialRecord:
    return TrialRecord(study="demo", number=number, run_dir=str(run_dir))


class TestRunFolders:
    def test_the_whole_folder_where_all_runs_are_ours(self) -> None:
        for name in ("0", "1", "mels", "estimate"):
            (RUNS / name).mkdir(parents=True)
        assert run_folders("demo", [trial(RUNS / "0"), trial(RUNS / "1", 1)]) == [RUNS]

    def test_not_another_databases_runs(self) -> None:
        for name in ("0", "1"):
            (RUNS / name).mkdir(parents=True)
        assert run_folders("demo", [trial(RUNS / "1")]) == [RUNS / "1"]

    def test_not_a_folder_of_another_name(self) -> None:
        (RUNS / "0").mkdir(parents=True)
        assert run_folders("other", [trial(RUNS / "0")]) == [RUNS / "0"]

    def test_what_is_not_there(self) -> None:
        assert run_folders("demo", [trial(RUNS / "0"), TrialRecord(study="demo", number=1)]) == []

    def test_size_follows_no_links(self) -> None:
        RUNS.mkdir(parents=True)
        (RUNS / "a").write_bytes(b"x" * 10)
        Path("big").write_bytes(b"x" * 10_000)
        (RUNS / "link").symlink_to(Path("big").resolve())
        assert 10 <= size_of([RUNS]) < 1000
