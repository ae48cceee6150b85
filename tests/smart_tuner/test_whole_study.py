"""A whole study through ``SmartTunerMain``, with the real trainer."""

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.progress import Progress
from storage.records import StudyState, TrialRole, TrialState
from storage.status import read
from trainer.events import Evaluation, Event, Step

NEVER_TOLD = 1e-5
"""The probe's learning rate: outside the space."""
KINDS = ("started", "evaluation", "ended", "space_changed", "hparams_changed", "steps_changed")
Workshop = Any
STUDY: dict[str, Any] = {"study": {"trials": 2}, "probes": [{"learning_rate": NEVER_TOLD}]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, open_workshop: Any) -> Iterator[Any]:
    """A finished study of two trials and a probe, and how its controller ended."""
    with open_workshop(tmp_path_factory.mktemp("finished")) as workshop:
        yield workshop, workshop.run(**STUDY)


def test_a_study_runs_to_its_end(finished: Any) -> None:
    workshop, ran = finished
    assert ran.code is TunerExit.FINISHED
    assert [(t.number, t.role, t.state, t.step) for t in workshop.trials()] == [
        (0, TrialRole.TRIAL, TrialState.COMPLETE, 6),
        (1, TrialRole.PROBE, TrialState.COMPLETE, 6),
        (2, TrialRole.TRIAL, TrialState.COMPLETE, 6),
    ]
    with workshop.database() as database:
        status = read(database, "speech")
        assert status.state is StudyState.FINISHED
        assert Progress(database).list_of("speech") == []
    assert status.trials_ended == status.trials_target == 2
    assert status.eta_seconds is None


def test_the_first_trial_is_the_known_good_one(finished: Any) -> None:
    workshop, _ = finished
    first, _, asked = workshop.trials()
    preset = workshop.config().hparams()
    assert first.params == {name: getattr(preset, name) for name in workshop.config().space}
    assert set(asked.params) == set(first.params)
    assert asked.params != first.params


def test_every_trial_is_a_process_of_its_own_that_logs(finished: Any) -> None:
    workshop, _ = finished
    pids = [workshop.pids(number) for number in range(3)]
    assert all(len(of_trial) == 1 for of_trial in pids)
    assert len({of_trial[0] for of_trial in pids}) == 3
    for number in range(3):
        log = workshop.paths(number).log.read_text(encoding="utf-8")
        assert "16 utterances to train on, 4 held out; from step 0 of 6" in log
        assert not workshop.paths(number).process.exists()


def norms_between_evaluations(said: Sequence[Event]) -> list[list[float]]:
    norms: list[list[float]] = [[]]
    for event in said:
        if isinstance(event, Step):
            norms[-1].append(event.metrics["gradient.norm"])
        elif isinstance(event, Evaluation):
            norms.append([])
    return norms[:-1]


def test_the_record_is_what_the_trainer_said(finished: Any) -> None:
    workshop, _ = finished
    for trial in workshop.trials():
        evaluations = workshop.kept("evaluation", number=trial.number)
        assert [event.step for event in evaluations] == [3, 6]
        best = max(evaluations, key=lambda event: event.payload["quality"])
        assert trial.value == trial.metrics["quality"] == best.payload["quality"]
        assert trial.metrics["gradient.norm"] > 0
        assert [event.payload["gradient.norm"] for event in evaluations] == [
            max(norms) for norms in norms_between_evaluations(workshop.said(trial.number))
        ]
        assert Path(trial.alignment_png).name == f"alignment_{best.step:07d}.png"
        assert Path(trial.sample_wav).name == f"sample_{best.step:07d}.wav"
        for path in (trial.checkpoint, trial.alignment_png, trial.sample_wav):
            assert Path(path).is_absolute()
            assert Path(path).stat().st_size > 0
        assert workshop.checkpoints(trial.number) == {"best.pt", "last.pt"}
        assert (trial.exit_code, trial.pid, trial.reason) == (0, None, None)
        assert trial.started_at < trial.ended_at
        assert len(workshop.kept("started", "ended", number=trial.number)) == 2


def test_optuna_learns_from_trials_and_not_from_probes(finished: Any) -> None:
    workshop, _ = finished
    first, probe, asked = workshop.optuna_trials()
    ours = workshop.trials()
    for told, trial in ((first, ours[0]), (asked, ours[2])):
        assert told.state is OptunaState.COMPLETE
        assert told.values == [trial.value]
        assert told.params == trial.params
        assert set(told.intermediate_values) == {3, 6}
        assert told.user_attrs["role"] == "trial"
    assert probe.state is OptunaState.FAIL
    assert (probe.params, probe.intermediate_values) == ({}, {})
    assert probe.user_attrs == {"role": "probe", "params": {"learning_rate": NEVER_TOLD}}


def test_what_a_person_reads(finished: Any) -> None:
    workshop, ran = finished
    trials = [trial for trial in workshop.trials() if trial.role is TrialRole.TRIAL]
    best = max(trials, key=lambda trial: trial.value)
    assert "a trial; 3 to go, 1 at once: at most about" in ran.out
    assert "probe 1 starts: learning_rate=1e-05" in ran.out
    assert f"Best trial: {best.number}, value {best.value:.3f}" in ran.out
    assert str(workshop.paths(best.number).best_checkpoint) in ran.out.replace("\n", "")
    assert "Study 'speech' is finished." in ran.out


@pytest.fixture
def again(finished: Any, tmp_path: Path) -> Workshop:
    """A copy of the finished study, to go on with."""
    workshop, _ = finished
    shutil.copytree(workshop.folder, tmp_path, dirs_exist_ok=True)
    return replace(workshop, folder=tmp_path)


def test_run_again_it_is_done_at_once(again: Workshop) -> None:
    before = (again.trials(), again.kept(*KINDS), files(again.folder / "runs"))
    begun = time.monotonic()
    ran = again.run(**STUDY)
    assert time.monotonic() - begun < 5
    assert ran.code is TunerExit.FINISHED
    assert "Study 'speech' is done." in ran.out
    assert "Best trial" in ran.out
    assert (again.trials(), again.kept(*KINDS), files(again.folder / "runs")) == before


def test_with_more_trials_it_goes_on(again: Workshop) -> None:
    before = again.trials()
    assert again.run(**STUDY | {"study": {"trials": 3}}).code is TunerExit.FINISHED
    *old, new = again.trials()
    assert old == before
    assert (new.number, new.role, new.state) == (3, TrialRole.TRIAL, TrialState.COMPLETE)
    assert new.params not in [trial.params for trial in old]
    assert [trial.number for trial in again.optuna_trials()] == [0, 1, 2, 3]


def test_of_a_pruned_trial_the_last_checkpoint_is_kept(real_workshop: Workshop) -> None:
    ran = real_workshop.run(
        study={"trials": 1},
        trainer={"steps": 60},
        health={"never_aligned": True, "grace_steps": 3},
    )
    assert ran.code is TunerExit.NO_RESULT
    (trial,) = real_workshop.trials()
    assert (trial.state, trial.reason, trial.step) == (TrialState.PRUNED, "never_aligned", 6)
    assert trial.evidence["grace_steps"] == 3
    assert trial.evidence["mel_l1_ratio"] > 0.9
    assert trial.status == "CRITICAL"
    assert real_workshop.checkpoints(0) == {"last.pt"}
    assert trial.checkpoint == str(real_workshop.paths(0).last_checkpoint)
    (told,) = real_workshop.optuna_trials()
    assert told.state is OptunaState.PRUNED
    assert told.user_attrs["reason"] == "never_aligned"
    assert "no trial was completed" in ran.out


def files(folder: Path) -> dict[Path, int]:
    """Every file below ``folder``, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
