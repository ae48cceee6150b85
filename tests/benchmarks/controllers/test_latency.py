"""Reports and decisions in a study that has trials already."""

from collections.abc import Callable

import pytest

from benchmarks.controllers import latency
from benchmarks.controllers.contestants import BARE, TUNED
from benchmarks.setting import Setting
from benchmarks.timing import OURS


def test_everybody_goes_on_with_the_same_study(
    setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "_SECONDS_A_REPORT", 0.02)
    ours, bare, tuned = latency.reporters(setting())
    assert [each.name for each in (ours, bare, tuned)] == [OURS, BARE, TUNED]
    for contestant in (ours, bare):
        taken = contestant.run()
        assert list(taken) == ["p50", "p99"]
        assert 0.0 < taken["p50"] <= taken["p99"] < 5.0
