"""What becomes of a trial whose trainer ends badly, and of the others."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from optuna.trial import TrialState as OptunaState

from smart_tuner.exit_codes import TunerExit
from storage.records import TrialState

Workshop = Any
WaitUntil = Callable[..., None]
SECRETS = {
    "SMART_TUNER_STORAGE__URL": "sqlite:///smart_tuner.db?note=secret",
    "GITHUB_TOKEN": "secret",
    "PGPASSWORD": "secret",
}
# The stub trainer tells these learning rates apart.
GOOD, EXPLODING, UNALIGNED, TOO_BIG = 6e-3, 0.3, 3e-5, 2.0


@pytest.mark.slow
def test_a_killed_trainer_disturbs_no_other(
    real_workshop: Workshop, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    controller = real_workshop.start(
        study={"trials": 3, "jobs": 2}, trainer={"steps": 40, "evaluate_every": 20}
    )
    wait_until(lambda: real_workshop.evaluated(0) and real_workshop.pids(1))
    killed, other = (real_workshop.pids(number)[0] for number in (0, 1))
    assert len({killed, other, controller.pid}) == 3
    assert "secret" in Path(f"/proc/{controller.pid}/environ").read_text()
    assert "secret" not in Path(f"/proc/{killed}/environ").read_text()
    os.kill(killed, signal.SIGKILL)
    output, _ = controller.communicate(timeout=120)
    assert controller.returncode == TunerExit.FINISHED, output

    assert [trial.state for trial in real_workshop.trials()] == [TrialState.COMPLETE] * 3
    assert real_workshop.attempts(0)[0].pid == killed
    assert [len(real_workshop.attempts(number)) for number in range(3)] == [2, 1, 1]
    for number in range(3):
        assert real_workshop.optuna_trials()[number].state is OptunaState.COMPLETE
        kept = real_workshop.kept("evaluation", number=number)
        assert [event.step for event in kept] == [20, 40]
    assert "trial 0 lost its trainer at step" in output
    assert "(crashed): it will be started again" in output
    assert not psutil.pid_exists(other)


def rates(*values: float) -> dict[str, Any]:
    """Trials with exactly these learning rates, the preset's among them first."""
    others = [value for value in values if value != GOOD]
    return {
        "study": {"trials": 1, "jobs": 1},
        "trainer": {"steps": 40, "evaluate_every": 10},
        "health": {"never_aligned": True, "grace_steps": 10},
        "space": {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}},
        "probes": [{"learning_rate": value} for value in others],
    }


def test_health_rules_prune_with_step_and_values(workshop: Workshop) -> None:
    ran = workshop.run(**rates(GOOD, EXPLODING, UNALIGNED))
    assert ran.code is TunerExit.FINISHED
    good, exploding, unaligned = workshop.trials()
    assert (good.state, good.status, good.step) == (TrialState.COMPLETE, "STABLE", 40)
    assert (exploding.state, exploding.reason) == (TrialState.PRUNED, "gradient_explosion")
    assert exploding.step == 5
    assert exploding.evidence["gradient.norm"] == 1e4
    assert (unaligned.state, unaligned.reason) == (TrialState.PRUNED, "never_aligned")
    assert unaligned.step == 20
    assert unaligned.evidence["mel_l1_ratio"] == 0.95
    assert exploding.status == unaligned.status == "CRITICAL"
    assert workshop.checkpoints(0) == {"best.pt", "last.pt"}
    assert workshop.checkpoints(2) == {"last.pt"}
    assert unaligned.checkpoint == str(workshop.paths(2).last_checkpoint)
    ended = workshop.kept("ended", number=2)[0]
    assert ended.payload["reason"] == "never_aligned"
    assert (ended.step, ended.payload["grace_steps"]) == (20, 10)
    assert "probe 2 pruned at step 20: never_aligned (grace_steps 10, mel_l1_ratio 0.95" in ran.out


def test_a_rule_that_is_off_prunes_nothing(workshop: Workshop) -> None:
    sections = rates(EXPLODING, UNALIGNED)
    sections["health"] = {"never_aligned": False, "gradient_explosion": False}
    assert workshop.run(**sections).code is TunerExit.FINISHED
    assert {trial.state for trial in workshop.trials()} == {TrialState.COMPLETE}


def test_out_of_memory_is_told_as_infeasible(workshop: Workshop) -> None:
    """So that the sampler turns away from it."""
    space = {"learning_rate": {"type": "categorical", "choices": [GOOD, TOO_BIG]}}
    ran = workshop.run(study={"trials": 8}, sampler={"kind": "random"}, space=space)
    assert ran.code is TunerExit.FINISHED
    trials = workshop.trials()
    big = [trial for trial in trials if trial.params["learning_rate"] == TOO_BIG]
    assert 0 < len(big) < len(trials)
    for trial in big:
        assert (trial.state, trial.reason) == (TrialState.PRUNED, "out_of_memory")
        told = workshop.optuna_trials()[trial.number]
        assert (told.state, told.constraints) == (OptunaState.PRUNED, {"oom": 1.0})


def test_the_worse_ones_of_many_are_pruned(workshop: Workshop) -> None:
    """Median pruning: reported to Optuna, with the reason ``statistical``."""
    ran = workshop.run(
        study={"trials": 10},
        trainer={"steps": 20, "evaluate_every": 5},
        sampler={"kind": "random"},
        pruner={"n_startup_trials": 3, "n_warmup_steps": 5},
        space={"learning_rate": {"type": "float", "low": 1e-3, "high": 3e-2, "log": True}},
    )
    assert ran.code is TunerExit.FINISHED
    trials = workshop.trials()
    pruned = [trial for trial in trials if trial.state is TrialState.PRUNED]
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    assert len(pruned) + len(complete) == 10
    assert pruned
    for trial in pruned:
        assert trial.reason == "statistical"
        assert trial.evidence["quality"] == trial.value
        assert trial.step in (5, 10, 15, 20)
        assert workshop.optuna_trials()[trial.number].state is OptunaState.PRUNED
        assert workshop.checkpoints(trial.number) == {"last.pt"}
        assert trial.status == "STABLE"
    assert max(t.value for t in pruned) < max(t.value for t in complete)


def test_hparams_that_do_not_go_together_fail_their_trial_alone(workshop: Workshop) -> None:
    """Each is legal by itself, which is all that can be checked beforehand."""
    space = {
        "mel_fmin": {"type": "categorical", "choices": [0.0, 5000.0]},
        "mel_fmax": {"type": "categorical", "choices": [4000.0, 8000.0]},
    }
    ran = workshop.run(study={"trials": 9}, sampler={"kind": "random"}, space=space)
    assert ran.code is TunerExit.FINISHED
    clash = {"mel_fmin": 5000.0, "mel_fmax": 4000.0}
    trials = workshop.trials()
    refused = [trial for trial in trials if trial.params == clash]
    assert len(trials) == 9
    assert 0 < len(refused) < 9
    for trial in refused:
        assert (trial.state, trial.reason, trial.pid) == (TrialState.FAILED, "bad_input", None)
        assert "mel_fmax=4000 must lie above mel_fmin=5000" in trial.evidence["message"]
        assert workshop.optuna_trials()[trial.number].state is OptunaState.FAIL
        assert not workshop.paths(trial.number).root.exists()
    assert f"trial {refused[0].number} can't run: hparams: mel_fmax=4000" in ran.out
    assert all(t.state is TrialState.COMPLETE for t in trials if t not in refused)
