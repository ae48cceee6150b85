"""What a study makes of faults that befall the real trainer."""

import sys
from pathlib import Path
from typing import Any

import pytest

from storage.records import TrialState

FAULTY = Path(__file__).parents[1] / "trainer" / "faulty_trainer.py"
SPACE: dict[str, Any] = {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}}


@pytest.fixture
def one_trial(tmp_path: Path, open_workshop: Any) -> Any:
    """Runs a study of one trial whose trainer has a fault; our record of it."""

    def run(fault: str, steps: str = "", **sections: Any) -> Any:
        command = (sys.executable, "-P", str(FAULTY), fault, steps, "--")
        with open_workshop(tmp_path, *command) as workshop:
            workshop.run(
                study={"trials": 1, "objective": "val_loss", **sections.pop("study", {})},
                trainer={"steps": 12, "evaluate_every": 4, **sections.pop("trainer", {})},
                space=SPACE, **sections,
            )  # fmt: skip
            (trial,) = workshop.trials()
            return trial

    return run


@pytest.mark.slow
@pytest.mark.parametrize("diagnostics", [True, False])
def test_attention_that_collapsed_is_pruned_by_its_diagnostics(
    one_trial: Any, diagnostics: bool
) -> None:
    trial = one_trial(
        "frozen_attention",
        trainer={"hparams": {"alignment_diagnostics": diagnostics}},
        health={"never_aligned": True, "grace_steps": 3},
    )
    ended = (trial.state, trial.reason, trial.step)
    if diagnostics:
        assert ended == (TrialState.PRUNED, "never_aligned", 4)
    else:
        assert ended == (TrialState.COMPLETE, None, 12)


@pytest.mark.slow  # fast: tests/trainer/test_faults.py, and health/ for the rules
@pytest.mark.parametrize("rescue", [True, False])
def test_a_loss_that_is_not_finite_once(one_trial: Any, rescue: bool) -> None:
    trial = one_trial("nan_loss", "6", study={"rescue": rescue})
    if rescue:
        assert (trial.state, trial.step) == (TrialState.COMPLETE, 12)
    else:
        assert (trial.state, trial.reason) == (TrialState.PRUNED, "non_finite")


@pytest.mark.slow
def test_a_gradient_that_explodes(one_trial: Any) -> None:
    trial = one_trial("huge_gradient", "2,3,4,5,6,7")
    assert (trial.state, trial.reason, trial.step) == (
        TrialState.PRUNED, "gradient_explosion", 7
    )  # fmt: skip


@pytest.mark.slow
def test_no_memory(one_trial: Any) -> None:
    trial = one_trial("out_of_memory", "6")
    assert (trial.state, trial.reason) == (TrialState.PRUNED, "out_of_memory")
