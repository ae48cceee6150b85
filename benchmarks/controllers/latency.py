"""How long a report and the pruner's decision take, while one process watches 16 trials.

The study has 200 finished trials already. Every contestant works at a copy of the same database,
with the same trainers, which report twice a second each.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.big_study import NAME, Size, make_big_study
from benchmarks.controllers.contestants import (
    BARE,
    TUNED,
    Ran,
    fresh_folder,
    run_bare,
    run_ours,
)
from benchmarks.controllers.ours import configuration
from benchmarks.controllers.task import Task
from benchmarks.recordings import make_recordings
from benchmarks.setting import Setting
from benchmarks.timing import OURS, Contestant, Parts
from smart_tuner.identity import identity_of
from storage.database import open_database
from storage.records import TrialRole
from storage.studies import Studies
from storage.trials import Trials
from trainer.corpus import corpus_fingerprint, load_corpus

_PERCENTILES = {"p50": 50, "p99": 99}
PARTS = tuple(_PERCENTILES)
_SECONDS_A_REPORT = 0.5


def task(*, quick: bool) -> Task:
    """What is to be run, beside what the study has already."""
    trials, reports = (4, 3) if quick else (16, 60)
    seconds = reports * _SECONDS_A_REPORT
    return Task(trials, trials, seconds, reports, study=NAME, judged=True)


def size(*, quick: bool) -> Size:
    """What the study has already."""
    return Size(20, 3) if quick else Size(200, 60)


def title(*, quick: bool) -> str:
    """Of the rows."""
    given, there = task(quick=quick), size(quick=quick)
    return f"report and decision, {given.slots} trials at once beside {there.title}, {{part}}"


def reporters(setting: Setting) -> list[Contestant]:
    """Ours, and the bare loop with two kinds of engine."""
    folder = Path(tempfile.mkdtemp(dir=setting.folder))
    corpus, database = make_recordings(folder / "corpus"), folder / "prepared.db"
    given = _prepared(database, corpus, setting)

    def ours() -> Parts:
        return _percentiles(run_ours(given, fresh_folder(folder, database), corpus), given)

    def bare(*, tuned: bool) -> Parts:
        ran = run_bare(replace(given, tuned=tuned), fresh_folder(folder, database))
        return _percentiles(ran, given)

    return [
        Contestant(OURS, True, ours),
        Contestant(BARE, False, lambda: bare(tuned=False)),
        Contestant(TUNED, False, lambda: bare(tuned=True)),
    ]


def _prepared(file: Path, corpus: Path, setting: Setting) -> Task:
    """Make the database that everybody gets a copy of: a study that our controller goes on with."""
    given, loaded = task(quick=setting.quick), load_corpus(corpus)
    identity = identity_of(
        configuration(given, corpus), corpus_fingerprint(loaded), loaded.language, None
    )
    with open_database(make_big_study(file, size(quick=setting.quick))) as database:
        Studies(database).update(NAME, identity=identity)
        return replace(given, there=Trials(database).count(NAME, TrialRole.TRIAL))


def _percentiles(ran: Ran, given: Task) -> Parts:
    """Seconds of one report and its decision."""
    seconds = ran.record.report_seconds
    assert len(seconds) == given.trials * given.reports, "no report is left out"
    return {part: float(np.percentile(seconds, q)) for part, q in _PERCENTILES.items()}
