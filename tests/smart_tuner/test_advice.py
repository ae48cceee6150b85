import pytest

from smart_tuner.advice import advice
from smart_tuner.health.reasons import Reason
from storage.records import TrialRecord, TrialRole


def ended(*reasons: str | None, role: TrialRole = TrialRole.TRIAL) -> list[TrialRecord]:
    return [
        TrialRecord(study="demo", number=number, reason=reason, role=role)
        for number, reason in enumerate(reasons)
    ]


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.STOPPED}))
def test_every_reason_has_its_advice(reason: str) -> None:
    assert advice(ended(reason)).endswith(".")


def test_an_explosion_is_not_answered_with_patience() -> None:
    said = advice(ended("gradient_explosion", "gradient_explosion"))
    assert "lower learning rates" in said
    assert "study.rescue: true" in said
    assert "never aligned" not in said


def test_each_reason_once_and_the_commonest_first() -> None:
    said = advice(ended("never_aligned", "out_of_memory", "out_of_memory"))
    assert 0 < said.index("out of memory") < said.index("micro_batch_size") < said.index("aligned")
    assert said.count("out of memory") == 1


def test_nothing_where_there_is_nothing_to_say() -> None:
    assert advice([]) == ""
    assert advice(ended(None, "stopped", "of another version")) == ""
    assert advice(ended("never_aligned", role=TrialRole.PROBE)) == ""
