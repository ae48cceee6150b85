"""What a trainer may leave out: steps that a scaler skipped, scores, files on a full disk."""

from pathlib import Path
from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit
from storage.records import StudyState, TrialState
from storage.status import read
from trainer import events
from trainer.exit_codes import BadInputError

Workshop = Any
SPACE: dict[str, Any] = {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}}
UNALIGNED = 3e-5


def test_steps_that_a_loss_scaler_skipped_prune_nothing(workshop: Workshop) -> None:
    """Their gradients are infinite: too large for fp16, which is what the scaler is for."""
    trainer = {"steps": 12, "hparams": {"precision": "fp16"}}
    ran = workshop.run(study={"trials": 1}, trainer=trainer)
    assert ran.code is TunerExit.FINISHED
    skipped = [e.step for e in workshop.said(0) if isinstance(e, events.Step) and e.skipped]
    assert skipped == [4, 8, 12]
    (trial,) = workshop.trials()
    assert (trial.state, trial.step, trial.status) == (TrialState.COMPLETE, 12, "STABLE")
    assert trial.metrics["gradient.norm"] == 1.0


@pytest.mark.parametrize("diagnostics", [True, False])
def test_without_diagnostics_nothing_is_pruned_for_collapse(
    diagnostics: bool, workshop: Workshop
) -> None:
    hparams = {"alignment_diagnostics": diagnostics, "learning_rate": UNALIGNED}
    ran = workshop.run(
        study={"trials": 1, "objective": "val_loss"},
        trainer={"steps": 40, "evaluate_every": 10, "hparams": hparams},
        health={"never_aligned": True, "grace_steps": 10},
        space=SPACE,
    )
    (trial,) = workshop.trials()
    if diagnostics:
        assert (trial.state, trial.reason) == (TrialState.PRUNED, "never_aligned")
        return
    assert ran.code is TunerExit.FINISHED
    assert (trial.state, trial.reason, trial.step) == (TrialState.COMPLETE, None, 40)
    assert "quality" not in trial.metrics
    assert "trial 0 complete at step 40: val_loss 2.000" in ran.out


def test_a_full_disk_stops_the_study_which_goes_on_once_there_is_room(workshop: Workshop) -> None:
    """Every other trial would meet the same end, after all of its training."""
    full = workshop.folder / "runs" / "speech" / "disk_full"
    full.parent.mkdir(parents=True)
    full.touch()
    three: dict[str, Any] = {"study": {"trials": 3}, "space": SPACE}
    with pytest.raises(BadInputError) as raised:
        workshop.run(**three)
    assert str(raised.value) == (
        f"{Path('runs/speech/0/checkpoints')}: trial 0 can't write its checkpoint: free some space "
        "on the disk, or give back the permissions, and start the study again"
    )
    (trial,) = workshop.trials()
    assert (trial.state, trial.reason, trial.exit_code) == (TrialState.PAUSED, "stopped", 6)
    assert trial.evidence["message"] == "its checkpoint could not be written"
    assert (trial.alignment_png, trial.sample_wav) == (None, None)
    assert [event.step for event in workshop.kept("warning", number=0)] == [3, 6]
    with workshop.database() as database:
        assert read(database, "speech").state is StudyState.STOPPED

    full.unlink()
    assert workshop.run(**three).code is TunerExit.FINISHED
    assert [trial.state for trial in workshop.trials()] == [TrialState.COMPLETE] * 3
    assert workshop.checkpoints(0) == {"best.pt", "last.pt"}
    assert Path(workshop.trials()[0].alignment_png).exists()
