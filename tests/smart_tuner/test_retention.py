from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smart_tuner.config.sections import RetentionSection, Samples
from smart_tuner.retention import apply, apply_retention, files_of, plan
from smart_tuner.run_files import RunFiles
from storage.attempts import Attempts
from storage.database import Database, open_database
from storage.records import AttemptRecord, StudyRecord, TrialRecord, TrialRole, TrialState
from storage.studies import Studies
from storage.trials import Trials

STEPS = (50, 100, 150)
FILES = RunFiles(
    (Path("best.pt"), Path("last.pt")),
    tuple(Path(f"alignment_{step:07d}.png") for step in STEPS),
    tuple(Path(f"sample_{step:07d}.wav") for step in STEPS),
)


def _trial(number: int, state: TrialState = TrialState.COMPLETE, **fields: object) -> TrialRecord:
    best = {"alignment_png": "/run/alignment_0000100.png", "sample_wav": "/run/sample_0000100.wav"}
    return TrialRecord(study="demo", number=number, state=state, **{**best, **fields})  # type: ignore[arg-type]


def _names(trial: TrialRecord, best: set[int] | None, samples: Samples) -> set[str]:
    removals = plan([trial], {trial.number: FILES}, best, samples)
    return {path.name for removal in removals for path in removal.files}


class TestPlan:
    @pytest.mark.parametrize("state", [s for s in TrialState if not s.ended])
    def test_who_can_go_on_keeps_everything(self, state: TrialState) -> None:
        assert _names(_trial(1, state), set(), "best") == set()

    @pytest.mark.parametrize("state", [s for s in TrialState if s.ended])
    @pytest.mark.parametrize(
        ("best", "gone"), [(None, set()), ({1}, set()), ({2}, {"best.pt", "last.pt"})]
    )
    def test_checkpoints(self, state: TrialState, best: set[int] | None, gone: set[str]) -> None:
        assert _names(_trial(1, state), best, "all") == gone

    @pytest.mark.parametrize(
        ("samples", "kept"), [("all", {50, 100, 150}), ("best", {100}), ("last", {100, 150})]
    )
    def test_samples(self, samples: Samples, kept: set[int]) -> None:
        gone = {
            n for s in {*STEPS} - kept for n in (f"alignment_{s:07d}.png", f"sample_{s:07d}.wav")
        }
        assert _names(_trial(1), None, samples) == gone

    @pytest.mark.parametrize("samples", ["best", "last"])
    @pytest.mark.parametrize("best", [None, "/run/alignment_0000075.png"])
    def test_without_a_best_evaluation_the_last_stays(
        self, samples: Samples, best: str | None
    ) -> None:
        trial = _trial(1, TrialState.FAILED, alignment_png=best, sample_wav=None)
        kept = {path.name for path in FILES.alignments + FILES.recordings}
        assert kept - _names(trial, None, samples) == {
            "alignment_0000150.png", "sample_0000150.wav",
        }  # fmt: skip

    def test_trials_of_other_machines_are_left_out(self) -> None:
        assert plan([_trial(1), _trial(2)], {2: FILES}, set(), "best")[0].number == 2

    def test_where_nothing_goes_there_is_no_removal(self) -> None:
        assert plan([_trial(1)], {1: FILES}, {1}, "all") == []


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/study.db") as database:
        Studies(database).create(StudyRecord(name="demo"))
        yield database


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Callable[..., Path]:
    """Makes a trial with files on the disk."""

    def make(number: int, **fields: object) -> Path:
        folder = tmp_path / "runs" / str(number)
        for path in (*FILES.checkpoints, *FILES.alignments, *FILES.recordings):
            place = folder / ("checkpoints" if path.suffix == ".pt" else "samples") / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"x" * 10)
        usual = {
            "checkpoint": str(folder / "checkpoints" / "best.pt"),
            "alignment_png": str(folder / "samples" / "alignment_0000100.png"),
            "sample_wav": str(folder / "samples" / "sample_0000100.wav"),
        }
        trial = _trial(number, run_dir=str(folder), **{**usual, **fields})
        Trials(database).insert(trial)
        return folder

    return make


def _left(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def _named_and_missing(database: Database) -> list[str]:
    named = (
        path
        for trial in Trials(database).list_of("demo")
        for path in (trial.checkpoint, trial.alignment_png, trial.sample_wav)
    )
    return [path for path in named if path is not None and not Path(path).exists()]


def test_no_row_names_what_is_gone(database: Database, run: Callable[..., Path]) -> None:
    folder = run(0)
    Attempts(database).begin(
        AttemptRecord(
            study="demo", number=0, attempt=1, controller="c", host="h",
            checkpoint=str(folder / "checkpoints" / "last.pt"),
        )
    )  # fmt: skip
    trials = Trials(database).list_of("demo")

    removed = apply(database, "demo", plan(trials, files_of(trials), set(), "best"))

    assert (removed.n_files, removed.n_bytes, removed.failures) == (6, 60, ())
    assert _left(folder) == {"alignment_0000100.png", "sample_0000100.wav"}
    assert _named_and_missing(database) == []
    assert Attempts(database).list_of("demo")[0].checkpoint is None


def test_what_cannot_be_deleted_is_told(
    database: Database, run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(0)
    trials = Trials(database).list_of("demo")
    removals = plan(trials, files_of(trials), set(), "all")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    removed = apply(database, "demo", removals)

    assert removed.n_files == 0
    assert len(removed.failures) == 2
    assert removed.failures[0].endswith("best.pt: can't be deleted (Permission denied)")


class TestApplyRetention:
    def test_by_default_everything_stays(
        self, database: Database, run: Callable[..., Path]
    ) -> None:
        folder = run(0, value=0.5)
        removed = apply_retention(database, "demo", RetentionSection(), 0, ["maximize"])
        assert removed.n_files == 0
        assert len(_left(folder)) == 8

    def test_the_best_of_the_study_keep_their_checkpoints(
        self, database: Database, run: Callable[..., Path]
    ) -> None:
        values = {0: 0.5, 1: 0.7, 2: 0.6, 3: 0.4}
        folders = {number: run(number, value=value) for number, value in values.items()}
        folders[4] = run(4, state=TrialState.PRUNED, value=0.9)
        folders[5] = run(5, state=TrialState.PAUSED, value=0.9)
        folders[6] = run(6, role=TrialRole.PROBE, value=0.9)
        section = RetentionSection(best_trials=2)

        apply_retention(database, "demo", section, 6, ["maximize"])

        kept = {number for number, folder in folders.items() if "best.pt" in _left(folder)}
        assert kept == {1, 2, 5}
        assert _named_and_missing(database) == []
        assert all("alignment_0000050.png" in _left(folder) for folder in folders.values())

    def test_a_trial_without_a_checkpoint_of_its_own_is_tidied_too(
        self, database: Database, run: Callable[..., Path]
    ) -> None:
        """A trainer that failed before its first evaluation has left its last one."""
        run(0, value=0.5)
        folder = run(1, state=TrialState.FAILED, checkpoint=None)

        section = RetentionSection(best_trials=1, samples="best")
        apply_retention(database, "demo", section, 1, ["minimize"])

        assert _left(folder) == {"alignment_0000100.png", "sample_0000100.wav"}

    def test_of_several_objectives_the_front_stays(
        self, database: Database, run: Callable[..., Path]
    ) -> None:
        values = [(0.5, 4.0), (0.9, 6.0), (0.4, 5.0), (0.45, 5.0)]
        folders = [run(n, value=pair[0], values=pair) for n, pair in enumerate(values)]
        directions = ["maximize", "minimize"]

        apply_retention(database, "demo", RetentionSection(best_trials=1), 3, directions)
        assert ["best.pt" in _left(folder) for folder in folders] == [True, True, False, False]

    def test_and_others_fill_up(self, database: Database, run: Callable[..., Path]) -> None:
        values = [(0.5, 4.0), (0.9, 6.0), (0.4, 5.0), (0.45, 5.0)]
        folders = [run(n, value=pair[0], values=pair) for n, pair in enumerate(values)]
        directions = ["maximize", "minimize"]

        apply_retention(database, "demo", RetentionSection(best_trials=3), 3, directions)
        assert ["best.pt" in _left(folder) for folder in folders] == [True, True, False, True]
