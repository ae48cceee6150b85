"""What is promised of the embedded demo study, and of its like in Russian.

All are slow: as a newcomer runs it, with three seeds, and shorter ones. Their fast sibling is
test_whole_study.py.
"""

import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml
from rich.console import Console

import smart_tuner
from smart_tuner.config import StudyConfig, load_config
from smart_tuner.corpora import DEMO_DIRECTORY
from smart_tuner.exit_codes import TunerExit
from smart_tuner.health import Reason
from smart_tuner.launch.trainer_process import TRAINER
from smart_tuner.main import SmartTunerMain
from storage.database import open_database
from storage.records import TrialRecord, TrialRole, TrialState
from storage.trials import Trials
from trainer import events
from trainer.corpus import load_corpus, make_demo_corpus, read_audio, split_corpus
from trainer.events import EventReader
from trainer.exit_codes import TrainerExit
from trainer.paths import RunPaths

ROOT = Path(smart_tuner.__file__).parents[1]
HEALTH_RULES = {
    Reason.GRADIENT_EXPLOSION,
    Reason.NON_FINITE,
    Reason.NEVER_ALIGNED,
    Reason.ALIGNMENT_LOST,
}
EXPLODES = {Reason.GRADIENT_EXPLOSION, Reason.NON_FINITE}
# The embedded study's probes; a study with a corpus has none by itself.
PROBES = [{"learning_rate": 0.3}, {"learning_rate": 3e-5}]
SHORT: dict[str, Any] = {
    "study": {"trials": 1},
    "trainer": {"preset": "demo", "steps": 300, "evaluate_every": 100},
    "health": {"grace_steps": 75},
}


def run_and_check(folder: Path, sections: dict[str, Any]) -> None:
    """Run a study in ``folder`` and assert all that is promised of it."""
    config = load_config(None, {"sinks": {"mlflow": False}, **sections}, environ={})
    output = StringIO()
    with chdir(folder):
        code = SmartTunerMain(config, Console(file=output, width=120)).run()
        with open_database("sqlite:///smart_tuner.db") as database:
            trials = Trials(database).list_of(config.study.name)
            best = Trials(database).best(config.study.name)
        assert code is TunerExit.FINISHED, output.getvalue()
        assert len(trials) == config.study.trials + len(config.probes)
        assert seeds(trials) == {config.study.seed}
        corpus = config.corpus or DEMO_DIRECTORY
        check_probes([trial for trial in trials if trial.role is TrialRole.PROBE], config)
        check_pruned([trial for trial in trials if trial.role is TrialRole.TRIAL], config, corpus)
        assert best is not None
        check_best(best, corpus)


def seeds(trials: Sequence[TrialRecord]) -> set[int]:
    """The seeds that the trials were trained with."""
    files = [RunPaths(Path(str(trial.run_dir))).hparams for trial in trials]
    return {yaml.safe_load(path.read_text(encoding="utf-8"))["seed"] for path in files}


def check_probes(probes: Sequence[TrialRecord], config: StudyConfig) -> None:
    """Both are pruned, each for its reason, with the values that decided."""
    assert [probe.params for probe in probes] == list(config.probes)
    for probe in probes:
        assert probe.state is TrialState.PRUNED
        exploding = probe.params["learning_rate"] >= 0.1
        assert probe.reason in (EXPLODES if exploding else {Reason.NEVER_ALIGNED})
        assert probe.evidence
        assert probe.status == "CRITICAL"


def check_pruned(trials: Sequence[TrialRecord], config: StudyConfig, corpus: Path) -> None:
    """Whatever a health rule gave up ends badly where no rule interferes."""
    pruned = [trial for trial in trials if trial.reason in HEALTH_RULES]
    with ThreadPoolExecutor(config.study.jobs) as pool:
        qualities = list(
            pool.map(lambda trial: quality_without_rules(trial, config, corpus), pruned)
        )
    ended = {trial.number: quality for trial, quality in zip(pruned, qualities, strict=True)}
    assert not {number: quality for number, quality in ended.items() if quality >= 0.5}


def quality_without_rules(trial: TrialRecord, config: StudyConfig, corpus: Path) -> float:
    """The quality at the end of the same run, had nobody pruned it; 0 where it diverges."""
    hparams = RunPaths(Path(str(trial.run_dir))).hparams
    again = RunPaths(Path("again") / str(trial.number))
    done = subprocess.run(
        [
            *TRAINER, "train", "--run-dir", str(again.root), "--corpus", str(corpus),
            "--preset", "demo", "--hparams-file", str(hparams),
            "--steps", str(config.trainer.steps),
            "--evaluate-every", str(config.trainer.evaluate_every),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        check=False,
    )  # fmt: skip
    assert done.returncode in (TrainerExit.FINISHED, TrainerExit.DIVERGED), done.stderr
    if done.returncode == TrainerExit.DIVERGED:
        return 0.0
    said = EventReader(again.events).poll()
    return [e for e in said if isinstance(e, events.Evaluation)][-1].metrics["quality"]


def check_best(best: TrialRecord, corpus: Path) -> None:
    """It attends, it speaks what it is told to, and its WAV is speech of the right length."""
    assert best.role is TrialRole.TRIAL
    assert best.value == best.metrics["quality"] > 0.8
    assert best.metrics["alignment.diagonal_score"] > 0.7
    assert best.metrics["free_run.success_rate"] >= 0.9
    assert best.metrics["free_run.retrieval_rate"] >= 0.9
    assert best.status == "STABLE"
    assert Path(str(best.checkpoint)).name == "best.pt"
    for path in (best.checkpoint, best.alignment_png):
        assert Path(str(path)).stat().st_size > 10_000
    spoken, rate = soundfile.read(str(best.sample_wav), dtype="float32")
    recorded = read_audio(split_corpus(load_corpus(corpus)).held_out[0].audio_path, rate)
    assert 0.75 < len(spoken) / len(recorded) < 1.33
    assert loudness(spoken) > 0.25 * loudness(recorded)


def loudness(samples: Any) -> float:
    """The median over blocks of 50 ms of their RMS: one click does not count as speech."""
    blocks = samples[: len(samples) // 1102 * 1102].reshape(-1, 1102)
    return float(np.median(np.sqrt(np.mean(np.square(blocks), axis=1))))


@pytest.mark.slow
def test_a_short_study_keeps_the_promises(tmp_path: Path, demo_corpus: Path) -> None:
    """The fast sibling: two probes and the known-good settings, with three fifths of the steps."""
    (tmp_path / DEMO_DIRECTORY).parent.mkdir()
    (tmp_path / DEMO_DIRECTORY).symlink_to(demo_corpus)
    assert load_config(None, SHORT, environ={}).probes == tuple(PROBES)
    run_and_check(tmp_path, SHORT)


@pytest.mark.slow
def test_a_short_study_in_russian_keeps_the_promises(tmp_path: Path) -> None:
    """The fast sibling: the known-good settings, with three fifths of the steps."""
    corpus = make_demo_corpus(tmp_path / "speech", "ru")
    run_and_check(tmp_path, {**SHORT, "corpus": str(corpus)})


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_embedded_study_keeps_its_promises(seed: int, tmp_path: Path) -> None:
    run_and_check(tmp_path, {"study": {"seed": seed}})


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_same_in_russian(tmp_path: Path) -> None:
    corpus = make_demo_corpus(tmp_path / "speech", "ru")
    embedded = {
        "study": {"trials": 12, "jobs": 2},
        "trainer": {"preset": "demo", "steps": 500, "evaluate_every": 50},
        "probes": PROBES,
    }
    run_and_check(tmp_path, {**embedded, "corpus": str(corpus)})
