import math
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from smart_tuner.config import StudyConfig
from smart_tuner.config.space import distributions
from smart_tuner.search.samplers import build_sampler, trial_seed
from trainer.exit_codes import BadInputError

SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 1e-3, "high": 2e-2, "log": True},
    "guide_g": {"type": "float", "low": 0.2, "high": 0.4},
    "warmup_steps": {"type": "int", "low": 0, "high": 400, "step": 100},
    "n_frames_per_step": {"type": "categorical", "choices": [2, 3, 5]},
}
KINDS: list[dict[str, Any]] = [
    {"kind": "tpe", "n_startup_trials": 3},
    {"kind": "cmaes", "n_startup_trials": 1, "popsize": 4},
    {"kind": "random"},
]
GP: dict[str, Any] = {"kind": "gp", "n_startup_trials": 2}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A deprecated or experimental option of Optuna would show up as a warning: none may."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def ask_and_tell(
    url: str, sampler: dict[str, Any], trials: int, *, restart: bool, seed: int = 1
) -> list[dict[str, Any]]:
    """The parameters of a study with two trials at once, reopened after every trial or not."""
    config = StudyConfig(space=SPACE, sampler=sampler)
    study = optuna.create_study(study_name="s", storage=url, direction="maximize")
    space = distributions(config.space)
    running: list[optuna.Trial] = []
    asked = []
    for number in range(trials):
        if restart:
            study = optuna.load_study(study_name="s", storage=url)
            running = [optuna.Trial(study, trial._trial_id) for trial in running]
        study.sampler = build_sampler(config.sampler, seed=seed, trial_number=number)
        running.append(study.ask(space))
        asked.append(running[-1].params)
        if len(running) == 2:
            finish(study, running.pop(0))
    return asked


def finish(study: optuna.Study, trial: optuna.Trial) -> None:
    quality = -abs(math.log(trial.params["learning_rate"] / 6e-3)) - trial.params["guide_g"]
    if trial.number % 4 == 3:
        trial.report(quality, 100)
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, quality)


def check_restart(tmp_path: Path, kind: dict[str, Any], trials: int) -> None:
    through = ask_and_tell(f"sqlite:///{tmp_path}/a.db", kind, trials, restart=False)
    restarted = ask_and_tell(f"sqlite:///{tmp_path}/b.db", kind, trials, restart=True)
    assert through == restarted
    assert len({tuple(params.values()) for params in through}) == trials
    another = ask_and_tell(f"sqlite:///{tmp_path}/c.db", kind, 2, restart=False, seed=2)
    assert another[:2] != through[:2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["kind"])
def test_a_restart_after_every_trial_changes_nothing(tmp_path: Path, kind: dict[str, Any]) -> None:
    check_restart(tmp_path, kind, trials=14)


@pytest.mark.slow
def test_the_gaussian_process_too(tmp_path: Path) -> None:
    check_restart(tmp_path, GP, trials=5)


def test_learning_samplers_learn(tmp_path: Path) -> None:
    """Else the samplers above could agree by never looking at the study's trials."""
    for kind in KINDS[:2]:
        learnt = ask_and_tell(f"sqlite:///{tmp_path}/{kind['kind']}.db", kind, 14, restart=False)
        drawn = ask_and_tell(
            f"sqlite:///{tmp_path}/r{kind['kind']}.db", {"kind": "random"}, 14, restart=False
        )
        assert learnt[:1] == drawn[:1]
        assert learnt[8:] != drawn[8:]


def test_seeds_of_trials_are_unrelated_and_known() -> None:
    seeds = [trial_seed(seed, number) for seed in range(50) for number in range(50)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert trial_seed(1, 0) == 2791857979


@pytest.mark.parametrize(
    ("kind", "package"), [("cmaes", "cmaes"), ("gp", "torch"), ("gp", "scipy")]
)
def test_a_missing_package_is_named_with_its_extra(
    kind: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    section = StudyConfig(sampler={"kind": kind}).sampler
    with pytest.raises(BadInputError) as raised:
        build_sampler(section, seed=1, trial_number=0)
    assert str(raised.value) == (
        f"sampler.kind={kind} needs the package {package}: "
        f"pip install 'smart-tuner[{kind}]', or choose sampler.kind=tpe"
    )
