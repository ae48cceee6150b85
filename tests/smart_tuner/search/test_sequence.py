"""A controller that is restarted asks for the same parameters as one that ran through."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import TrialRole, TrialState

Workshop = Any
TRIALS = 5
SAMPLERS = [
    {"kind": "tpe", "n_startup_trials": 2},
    pytest.param({"kind": "cmaes"}, marks=pytest.mark.slow),
    pytest.param({"kind": "random"}, marks=pytest.mark.slow),
]
PROBES = {"probes": [{"learning_rate": 0.3}, {"learning_rate": 3e-5, "prenet_dims": [8, 16]}]}


@pytest.fixture
def elsewhere(workshop: Workshop, tmp_path: Path) -> Workshop:
    """A second working directory."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(workshop.folder / "speech", folder / "speech")
    return replace(workshop, folder=folder)


def asked(workshop: Workshop) -> list[tuple[int, TrialRole, dict[str, Any]]]:
    return [(trial.number, trial.role, dict(trial.params)) for trial in workshop.trials()]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: sampler["kind"])
def test_a_restart_after_every_trial_changes_nothing(
    sampler: dict[str, Any], workshop: Workshop, elsewhere: Workshop
) -> None:
    sections = {"sampler": sampler, **PROBES}
    workshop.run(study={"trials": TRIALS}, **sections)
    for trials in range(1, TRIALS + 1):
        assert elsewhere.run(study={"trials": trials}, **sections).code is TunerExit.FINISHED
        assert sum(t.role is TrialRole.TRIAL for t in elsewhere.trials()) == trials
    assert asked(elsewhere) == asked(workshop)
    assert len({tuple(params.items()) for _, _, params in asked(workshop)[3:]}) == TRIALS - 1


def test_probes_are_numbers_one_and_two(workshop: Workshop) -> None:
    ran = workshop.run(study={"trials": 3}, **PROBES)
    roles = [role for _, role, _ in asked(workshop)]
    assert roles == [TrialRole.TRIAL, TrialRole.PROBE, TrialRole.PROBE, *[TrialRole.TRIAL] * 2]
    assert [params for _, _, params in asked(workshop)[1:3]] == PROBES["probes"]
    for number in (1, 2):
        told = workshop.optuna_trials()[number]
        assert (told.state, told.params, told.distributions) == (OptunaState.FAIL, {}, {})
        assert told.intermediate_values == {}
        assert told.user_attrs["role"] == "probe"
        assert f"probe {number} starts: learning_rate=" in ran.out
    assert workshop.optuna_trials()[1].user_attrs["reason"] == "gradient_explosion"


def test_a_probe_is_never_the_best(workshop: Workshop) -> None:
    sections: dict[str, Any] = {
        "study": {"trials": 2},
        "trainer": {"hparams": {"learning_rate": 1e-3}},
        "probes": [{"learning_rate": 6e-3}],
    }
    ran = workshop.run(**sections)
    first, probe, second = workshop.trials()
    assert probe.value > max(first.value, second.value)
    best = max((first, second), key=lambda trial: trial.value)
    assert f"Best trial: {best.number}" in ran.out
    assert workshop.run(**sections).out.count("Best trial: 1") == 0


def test_a_new_probe_is_run_and_an_old_one_is_not_repeated(workshop: Workshop) -> None:
    workshop.run(study={"trials": 1}, **PROBES)
    assert "is done" in workshop.run(study={"trials": 1}, **PROBES).out
    more = {"probes": [*PROBES["probes"], {"learning_rate": 0.5}]}
    assert "is done" not in workshop.run(study={"trials": 1}, **more).out
    assert [role for _, role, _ in asked(workshop)] == [TrialRole.TRIAL, *[TrialRole.PROBE] * 3]


def test_another_seed_asks_otherwise_and_trains_otherwise(
    workshop: Workshop, elsewhere: Workshop
) -> None:
    workshop.run(study={"trials": 2, "seed": 1})
    elsewhere.run(study={"trials": 2, "seed": 2})
    assert asked(workshop)[0] == asked(elsewhere)[0]
    assert asked(workshop)[1] != asked(elsewhere)[1]
    assert [seed_of(workshop, number) for number in (0, 1)] == [1, 1]
    assert [seed_of(elsewhere, number) for number in (0, 1)] == [2, 2]


def test_a_fixed_seed_stays(workshop: Workshop) -> None:
    workshop.run(study={"trials": 1, "seed": 5}, trainer={"hparams": {"seed": 77}})
    assert seed_of(workshop, 0) == 77


def seed_of(workshop: Workshop, number: int) -> int:
    return int(workshop.said(number)[1].hparams["seed"])


def begin_to_ask(workshop: Workshop) -> None:
    """What a controller that dies in the midst of asking leaves: a trial without all of it."""
    with workshop.optuna_study() as study:
        study.ask()


def test_a_question_that_was_cut_short_is_asked_to_its_end(
    workshop: Workshop, elsewhere: Workshop, wait_until: Callable[..., None]
) -> None:
    workshop.run(study={"trials": 4})
    elsewhere.run(study={"trials": 2})
    begin_to_ask(elsewhere)
    assert elsewhere.optuna_trials()[2].params == {}
    assert elsewhere.run(study={"trials": 4}).code is TunerExit.FINISHED
    assert asked(elsewhere) == asked(workshop)


def test_an_end_that_only_our_tables_know_is_told_to_optuna(workshop: Workshop) -> None:
    """What a controller leaves that dies between our tables and Optuna's."""
    sections: dict[str, Any] = {
        "study": {"trials": 2},
        "probes": [{"learning_rate": 3e-5}],
        "health": {"never_aligned": True, "grace_steps": 3},
    }
    workshop.run(**sections)
    before = (workshop.trials(), workshop.optuna_trials())
    with workshop.database() as database, database.engine.begin() as connection:
        connection.exec_driver_sql("update trials set state = 'RUNNING', datetime_complete = null")
        connection.exec_driver_sql("delete from trial_values")
    assert workshop.run(**sections).code is TunerExit.FINISHED
    trials, told = workshop.trials(), workshop.optuna_trials()
    assert trials == before[0]
    assert [(t.number, t.state, t.values, t.params, t.user_attrs) for t in told] == [
        (t.number, t.state, t.values, t.params, t.user_attrs) for t in before[1]
    ]
    assert all(len(workshop.pids(trial.number)) == 1 for trial in trials)
    assert TrialState.PRUNED in {trial.state for trial in trials}
