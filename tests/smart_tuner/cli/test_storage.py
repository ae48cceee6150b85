"""``smart-tuner storage``: backup, restore, upgrade, prune."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.migrate import downgrade
from storage.records import TrialState
from storage.revisions import NEWEST
from storage.trials import Trials

ELSEWHERE = "sqlite:///elsewhere.db"


@pytest.mark.usefixtures("study")
class TestBackupAndRestore:
    def test_a_study_moves(self, cli: Callable[..., Any]) -> None:
        said = cli("storage", "backup", "copy.db")
        assert said.code == 0
        assert said.out.startswith("Wrote copy.db (")
        assert said.out.endswith("): demo\n")

        said = cli("storage", "restore", "copy.db", "--storage", ELSEWHERE)
        assert said.code == 0
        assert said.out.splitlines()[0] == "Restored demo."

        trials = cli("trials", "--json").out
        assert cli("trials", "--json", "--storage", ELSEWHERE).out == trials

    def test_what_is_there_stays(self, cli: Callable[..., Any]) -> None:
        Path("copy.db").write_text("precious")
        said = cli("storage", "backup", "copy.db")
        assert said.code == 2
        assert said.err == (
            "error: copy.db: it is there already: name another file, or replace it: --force\n"
        )
        assert cli("storage", "backup", "copy.db", "--force").code == 0

        said = cli("storage", "restore", "copy.db")
        assert said.code == 2
        assert "smart_tuner.db: it holds studies already (demo)" in said.err

    def test_no_backup(self, cli: Callable[..., Any]) -> None:
        said = cli("storage", "restore", "nowhere.db", "--storage", ELSEWHERE)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: nowhere.db: there is no such file")
        assert not Path("elsewhere.db").exists()


class TestUpgrade:
    @pytest.mark.usefixtures("study")
    def test_says_from_which_to_which(self, cli: Callable[..., Any], database: Database) -> None:
        downgrade(database.engine, "0001")
        said = cli("storage", "upgrade")
        assert said.code == 0
        ours, optunas = said.out.splitlines()
        assert ours == f"Smart Tuner's tables: upgraded from version 0001 to {NEWEST}"
        assert optunas.startswith("Optuna's tables: made, of version v")

        again = cli("storage", "upgrade").out.splitlines()
        assert again[0] == (
            f"Smart Tuner's tables: nothing to do, they are of the newest version ({NEWEST})"
        )
        assert again[1].startswith("Optuna's tables: nothing to do")

    def test_no_database(self, cli: Callable[..., Any]) -> None:
        said = cli("storage", "upgrade")
        assert said.code == 2
        assert "no study has been started here yet" in said.err


@pytest.fixture
def files(study: str, database: Database) -> dict[str, Path]:
    """Of the pruned trial 1 and the best trial 2: two samples of each, and a last checkpoint."""
    made = {}
    for number in (1, 2):
        for name in ("samples/alignment_0000500.png", "samples/alignment_0000050.png",
                     "checkpoints/last.pt"):  # fmt: skip
            path = Path("runs", study, str(number), name).resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * 500)
            made[f"{number}/{path.name}"] = path
        made[f"{number}/best.pt"] = path.with_name("best.pt")
    last = str(made["1/last.pt"])
    Trials(database).update(study, 1, checkpoint=last)
    return made


class TestPrune:
    def test_keeps_the_best(
        self, cli: Callable[..., Any], database: Database, files: dict[str, Path]
    ) -> None:
        said = cli("storage", "prune", "demo", "--keep-best", 1, "--yes")
        assert said.code == 0
        assert said.out.splitlines() == [
            "Study demo in sqlite:///smart_tuner.db: 2 checkpoints of 1 trial and 0 samples,"
            " 1.5 kB in all",
            "Deleted 2 files, 1.5 kB.",
        ]
        gone = {name for name, path in files.items() if not path.exists()}
        assert gone == {"1/best.pt", "1/last.pt"}
        pruned = Trials(database).get("demo", 1)
        assert pruned is not None
        assert pruned.checkpoint is None
        assert json.loads(cli("best", "--json").out)["checkpoint"] == str(files["2/best.pt"])

    def test_samples(self, cli: Callable[..., Any], files: dict[str, Path]) -> None:
        assert cli("storage", "prune", "demo", "--samples", "best", "--yes").code == 0
        gone = {name for name, path in files.items() if not path.exists()}
        assert gone == {"1/alignment_0000050.png", "2/alignment_0000050.png"}

    def test_a_dry_run_names_every_file(
        self, cli: Callable[..., Any], files: dict[str, Path]
    ) -> None:
        said = cli("storage", "prune", "demo", "--keep-best", 1, "--dry-run")
        assert said.code == 0
        assert said.out.splitlines()[1:] == [str(files["1/best.pt"]), str(files["1/last.pt"])]
        assert all(path.exists() for path in files.values())

    def test_who_can_go_on_keeps_everything(
        self, cli: Callable[..., Any], database: Database, files: dict[str, Path]
    ) -> None:
        Trials(database).update("demo", 1, state=TrialState.PAUSED)
        said = cli("storage", "prune", "demo", "--keep-best", 1, "--yes")
        assert said.out.endswith("nothing to delete\n")
        assert all(path.exists() for path in files.values())

    @pytest.mark.parametrize(("answer", "code"), [("n\n", 4), ("y\n", 0), ("", 2)])
    def test_asks(
        self,
        answer: str,
        code: int,
        cli: Callable[..., Any],
        files: dict[str, Path],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        Path("answer").write_text(answer)
        with Path("answer").open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            said = cli("storage", "prune", "demo", "--keep-best", 1)
        assert said.code == code
        assert files["1/last.pt"].exists() == bool(code)

    @pytest.mark.usefixtures("study")
    def test_what_may_go_must_be_said(self, cli: Callable[..., Any]) -> None:
        said = cli("storage", "prune", "demo")
        assert said.code == 2
        assert said.err.startswith("error: say what may go: --keep-best K, --samples best or")

    def test_what_is_not_here_or_a_link_is_said(
        self, cli: Callable[..., Any], database: Database, files: dict[str, Path]
    ) -> None:
        Trials(database).update("demo", 0, run_dir="/on/another/machine/0")
        link = files["1/last.pt"].with_name("link.pt")
        link.symlink_to(files["2/best.pt"])
        out = cli("storage", "prune", "demo", "--keep-best", 1, "--dry-run").out
        assert "Not on this machine: the run directories of 1 trial." in out
        assert f"Left alone, a link or outside the run directory: {link}" in out

    @pytest.mark.usefixtures("files")
    def test_what_cannot_be_deleted(
        self, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "unlink", refuse)
        said = cli("storage", "prune", "demo", "--keep-best", 1, "--yes")
        assert said.code == 2
        assert "best.pt: can't be deleted (Permission denied); 2 files stayed" in said.err
