"""Studies that are broken in every way, and whole again after the doctor."""

from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.doctor.examination import Examination, Outcome, examine
from smart_tuner.doctor.findings import Code
from storage.commands import Commands
from storage.events import Events
from storage.optuna_trials import optuna_trials
from storage.records import CommandState, StudyState, TrialRole, TrialState
from storage.studies import Studies

Patient = Any
NAME = "speech"


def doctor(patient: Patient) -> Examination:
    return examine(patient.database, NAME, mend=True)


def codes(examination: Examination) -> list[tuple[Code, int | None]]:
    return [(one.finding.code, one.finding.number) for one in examination.results]


def check_mended(patient: Patient, said: object = None) -> Examination:
    """Everything is mended; a second doctor finds nothing."""
    examined = doctor(patient)
    outcomes = {one.outcome for one in examined.results}
    assert outcomes == {Outcome.MENDED}, (said, examined)
    patient.check()
    assert codes(doctor(patient)) == []
    return examined


def test_a_whole_study(patient: Patient) -> None:
    examined = doctor(patient)
    assert (examined.n_trials, examined.results, examined.is_whole) == (9, (), True)
    patient.check()


@pytest.mark.parametrize("seed", range(30))
def test_broken_at_random(seed: int, patient: Patient) -> None:
    patient.random = Random(seed)
    said = patient.break_randomly()
    with suppress(_NothingBrokenError):
        _check_broken(patient)
        check_mended(patient, said)


@pytest.mark.timeout(300)
def test_broken_at_random_again_and_again(postgresql_patient: Patient) -> None:
    for seed in range(100, 112):
        postgresql_patient.random = Random(seed)
        said = postgresql_patient.break_randomly()
        with suppress(_NothingBrokenError):
            _check_broken(postgresql_patient)
            check_mended(postgresql_patient, said)


class _NothingBrokenError(Exception):
    """What was to be broken was not there."""


def _check_broken(patient: Patient) -> None:
    """To look changes nothing."""
    seen = examine(patient.database, NAME, mend=False)
    if not seen.results:
        patient.check()
        raise _NothingBrokenError
    assert not seen.is_whole
    assert {one.outcome for one in seen.results} == {Outcome.TO_MEND}
    assert codes(examine(patient.database, NAME, mend=False)) == codes(seen)


def best(patient: Patient) -> int:
    trials = patient.trials()
    of_role = [one for one in trials if one.role is TrialRole.TRIAL and one.value is not None]
    return int(max(of_role, key=lambda one: one.value).number)


def test_what_was_not_told_is_told(patient: Patient) -> None:
    number = best(patient)
    patient.forget_to_tell(number)
    assert codes(check_mended(patient)) == [(Code.NOT_TOLD, number)]


def test_a_deleted_study_is_given_back_to_optuna(patient: Patient) -> None:
    with patient.optuna_study() as study:
        before = study.trials
    patient.forget_all_in_optuna(0)
    examined = check_mended(patient)
    assert codes(examined) == [(Code.UNKNOWN_TO_OPTUNA, number) for number in range(9)]
    with patient.optuna_study() as study:
        after = study.trials
    for one, again in zip(before, after, strict=True):
        assert (one.params, one.distributions) == (again.params, again.distributions)
        assert one.intermediate_values == again.intermediate_values
        assert (one.state, one.values) == (again.state, again.values)
        assert (one.user_attrs, one.constraints) == (again.user_attrs, again.constraints)


def test_a_number_in_the_midst_can_not_be_given_back(patient: Patient) -> None:
    patient._delete_from_optuna(3)
    examined = doctor(patient)
    assert not examined.is_whole
    assert [one.outcome for one in examined.results] == [Outcome.LEFT]
    assert "restore a backup" in examined.results[0].finding.what


def test_a_trial_that_we_lost_is_noted_as_optuna_has_it(patient: Patient) -> None:
    number = best(patient)
    before = patient.trials()[number]
    patient.forget_ours(number)
    check_mended(patient)
    after = patient.trials()[number]
    for name in ("role", "state", "reason", "value", "params", "step", "run_dir", "checkpoint"):
        assert getattr(after, name) == getattr(before, name), name


def test_the_users_own_trials_are_left_alone(patient: Patient) -> None:
    with patient.optuna_study() as study:
        study.tell(study.ask(), 0.5)
        study.enqueue_trial({"learning_rate": 1e-3})
    examined = doctor(patient)
    assert codes(examined) == [(Code.FOREIGN, 9)]
    assert examined.is_whole
    assert len(patient.trials()) == 9


def test_what_is_half_asked_for_is_asked_for_again(patient: Patient, finished: Any) -> None:
    patient.ask_half(0)
    assert codes(check_mended(patient)) == [(Code.UNKNOWN_TO_US, 9)]
    assert optuna_trials(patient.database, NAME)[9].state is OptunaState.WAITING  # type: ignore[index]
    finished.run(study={"trials": 9}, probes=[{"learning_rate": 0.3}])
    assert patient.trials()[9].state.ended
    assert codes(doctor(patient)) == []


def test_what_was_asked_for_is_queued_and_run(patient: Patient, finished: Any) -> None:
    with patient.optuna_study() as study:
        asked = study.ask()
        asked.suggest_float("learning_rate", 1e-3, 1e-2, log=True)
        asked.set_user_attr("role", "trial")
    check_mended(patient)
    queued = patient.trials()[9]
    assert (queued.state, queued.params) == (TrialState.QUEUED, asked.params)
    assert queued.run_dir == str(finished.folder / "runs" / NAME / "9")
    finished.run(study={"trials": 9}, probes=[{"learning_rate": 0.3}])
    assert patient.trials()[9].state.ended
    assert codes(doctor(patient)) == []


def test_a_lost_trial_goes_on(patient: Patient, finished: Any) -> None:
    number = best(patient)
    value = patient.trials()[number].value
    patient.lose_owner(number)
    check_mended(patient)
    assert patient.trials()[number].state is TrialState.LOST
    (event,) = Events(patient.database).list_of(NAME, number, ["ended"])[1:]
    assert event.payload["state"] == "lost"
    finished.run(study={"trials": 8}, probes=[{"learning_rate": 0.3}])
    again = patient.trials()[number]
    assert (again.state, again.value) == (TrialState.COMPLETE, value)
    assert codes(doctor(patient)) == []


def test_an_orphan_is_ended_and_a_stranger_is_not(patient: Patient, tmp_path: Path) -> None:
    trial = patient.trials()[0]
    orphan = patient.trainer_in(Path(trial.run_dir))
    stranger = psutil.Process(patient.trainer_in(tmp_path))
    examined = doctor(patient)
    assert codes(examined) == [(Code.ORPHAN_PROCESS, 0)]
    assert f"process {orphan}" in examined.results[0].finding.what
    assert stranger.is_running()


def test_a_missing_disk_is_no_missing_checkpoint(patient: Patient, finished: Any) -> None:
    (finished.folder / "runs").rename(finished.folder / "unplugged")
    try:
        assert codes(doctor(patient)) == []
    finally:
        (finished.folder / "unplugged").rename(finished.folder / "runs")


def test_a_lost_checkpoint_is_named_no_more(patient: Patient) -> None:
    number = best(patient)
    patient.lose_checkpoint(number)
    assert codes(check_mended(patient)) == [(Code.MISSING_CHECKPOINT, number)]
    assert patient.trials()[number].checkpoint is None


def test_a_command_expires(patient: Patient) -> None:
    patient.leave_command(3)
    check_mended(patient)
    (command,) = Commands(patient.database).list_of(NAME)
    assert command.state is CommandState.EXPIRED


@pytest.mark.parametrize(
    ("left_in", "settled"),
    [
        (StudyState.RUNNING, StudyState.STOPPED),
        (StudyState.STOPPING, StudyState.STOPPED),
        (StudyState.PAUSING, StudyState.PAUSED),
    ],
)
def test_a_study_that_nobody_runs(
    left_in: StudyState, settled: StudyState, patient: Patient
) -> None:
    Studies(patient.database).set_state(NAME, left_in)
    check_mended(patient)
    study = Studies(patient.database).get(NAME)
    assert study is not None
    assert study.state is settled


def test_what_was_mended_is_put_on_record(patient: Patient) -> None:
    patient.keep_progress(2)
    check_mended(patient)
    (event,) = Events(patient.database).list_of(NAME, kinds=["mended"])
    assert event.number == 2
    assert dict(event.payload) == {
        "code": "stale_progress",
        "what": f"{patient.trials()[2].state}, and still among the running trials' progress",
        "done": "cleared it",
    }
