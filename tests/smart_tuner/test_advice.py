import pytest

from smart_tuner.advice import advice
from smart_tuner.health import HealthSection, History, Reason, assess
from storage.records import TrialRecord, TrialRole


def ended(*reasons: str | None, role: TrialRole = TrialRole.TRIAL) -> list[TrialRecord]:
    """Trials that ended so, and what the controller made of them."""
    return [
        TrialRecord(
            study="demo", number=number, reason=reason, role=role, assessment=_judged(reason)
        )
        for number, reason in enumerate(reasons)
    ]


def _judged(reason: str | None) -> dict[str, object]:
    known = Reason(reason) if reason in set(Reason) else None
    return assess(History(), HealthSection(), 150, reason=known).to_json()


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.STOPPED}))
def test_every_reason_has_its_advice(reason: str) -> None:
    said = advice(ended(reason))
    assert said.startswith(f"1 by {reason}: ")
    assert said.endswith(".")


def test_an_explosion_is_not_answered_with_patience() -> None:
    said = advice(ended("gradient_explosion", "gradient_explosion"))
    assert said.startswith("2 by gradient_explosion: lower learning_rate; lower grad_clip_thresh")
    assert "switch on study.rescue" in said
    assert "trainer.steps" not in said


def test_what_most_trials_were_advised_comes_first() -> None:
    low, *others = ended("never_aligned", "never_aligned", "never_aligned")
    slow = History(hparams={"learning_rate": 1e-5, "n_frames_per_step": 5, "prenet_dropout": 0.5})
    judged = assess(slow, HealthSection(), 150, reason=Reason.NEVER_ALIGNED).to_json()
    alike = [TrialRecord(**{**vars(one), "assessment": judged}) for one in others]
    assert advice([low, *alike]).startswith("3 by never_aligned: raise guide_loss_weight; raise")


def test_each_reason_once_and_the_commonest_first() -> None:
    said = advice(ended("never_aligned", "out_of_memory", "out_of_memory"))
    assert said.startswith("2 by out_of_memory: lower micro_batch_size; ")
    assert "fewer study.jobs. 1 by never_aligned: " in said
    assert said.count("out_of_memory") == 1


def test_a_trial_that_was_never_judged() -> None:
    refused = TrialRecord(study="demo", number=0, reason="bad_input")
    assert advice([refused]) == "1 by bad_input: their trainer.log says what to mend."


def test_nothing_where_there_is_nothing_to_say() -> None:
    assert advice([]) == ""
    assert advice(ended(None, "stopped", "of another version")) == ""
    assert advice(ended("never_aligned", role=TrialRole.PROBE)) == ""
