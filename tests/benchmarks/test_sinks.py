"""The cost of telling MLflow: how it is reckoned. A real one takes minutes."""

import pytest

from benchmarks.sinks import Account, costs, rememberers


@pytest.fixture
def account() -> Account:
    sizes = [(100 + i, 200 + 2 * i) for i in range(8)]
    return Account(started=3.0, sinks=8.0, trainer=250.0, sizes=sizes)


def test_the_start_up_does_not_count(account: Account) -> None:
    assert (account.sink_seconds, account.trainer_seconds) == (5.0, 250.0)


def test_memory_at_a_share_of_the_trial(account: Account) -> None:
    assert account.memory(0.25) == {"controller": 102.0, "sink process": 204.0}
    assert account.memory(1.0) == {"controller": 107.0, "sink process": 214.0}


def test_contestants_share_one_measurement(
    account: Account, monkeypatch: pytest.MonkeyPatch, setting: object
) -> None:
    monkeypatch.setattr("benchmarks.sinks.measured", lambda folder, *, quick: account)
    ours, trainer = costs(setting())  # type: ignore[operator]
    assert (ours.run(), trainer.run()) == ({"sinks": 5.0}, {"sinks": 250.0})
    end, quarter = rememberers(setting())  # type: ignore[operator]
    assert end.run()["controller"] - quarter.run()["controller"] == 5.0
