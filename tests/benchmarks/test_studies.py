"""Readers of a big study: what is measured, and that they are quick."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from benchmarks import studies
from benchmarks.big_study import NAME, Size, make_big_study
from benchmarks.cases import chosen_cases
from benchmarks.setting import Setting
from benchmarks.timing import interleaved
from storage.attempts import Attempts
from storage.database import open_existing
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.status import read
from storage.trials import Trials

MOST_SECONDS = 1.0
"""That a reader may take on top of the interpreter's start."""


def test_the_study_is_whole_on_both_sides(tmp_path: Path) -> None:
    with open_existing(make_big_study(tmp_path / "study.db", Size(20, 4))) as database:
        status = read(database, NAME)
        assert (status.counts.complete, status.counts.pruned, status.counts.failed) == (8, 8, 4)
        assert len(Attempts(database).list_of(NAME)) == 20
        assert len(Events(database).list_of(NAME, kinds=["evaluation"])) == 80
        storage = optuna_storage(database)
        study = optuna.load_study(study_name=NAME, storage=storage)
        trials, best = study.trials, study.best_trial
        close_optuna_storage(storage)
        ours = Trials(database).get(NAME, best.number)
    assert status.best is not None
    assert (best.number, best.value) == (status.best.number, status.best.value)
    assert ours is not None
    assert best.params == ours.params
    assert [len(trial.intermediate_values) for trial in trials] == [4] * 20


def test_each_reader_is_a_row(setting: Callable[..., Setting]) -> None:
    (case,) = chosen_cases(["study-readers"], quick=True)
    rows = case.rows(interleaved(case.contestants(setting()), 1, warm_up=False))

    assert [row.title for row in rows] == [
        f"smart-tuner {part}, 50 trials × 5 reports" for part in studies.READERS
    ]
    for row in rows:
        assert row.headline.name == "python -c pass"
        assert row.headline.ratio.median == pytest.approx(row.ours - row.headline.value)


def test_ten_thousand_trials_are_read_at_once(
    setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "size", lambda quick: Size(10_000, 1))
    contestants = studies.readers(replace(setting(), quick=False))
    (case,) = chosen_cases(["study-readers"], quick=False)

    rows = case.rows(interleaved(contestants, 1, warm_up=False))

    taken = {row.title: row.headline.ratio.median for row in rows}
    assert max(taken.values()) < MOST_SECONDS, taken
