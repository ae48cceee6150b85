import os
import signal
from contextlib import suppress

import pytest

from smart_tuner.control.stopping import StopSwitch


def test_polite_requests_never_become_an_order() -> None:
    switch = StopSwitch()
    assert not switch.requested
    for _ in range(3):
        switch.request()
    assert switch.requested
    assert not switch.at_once


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_is_a_request_and_two_are_an_order(number: signal.Signals) -> None:
    switch = StopSwitch()
    with switch.listening():
        os.kill(os.getpid(), number)
        assert (switch.requested, switch.at_once) == (True, False)
        os.kill(os.getpid(), number)
        assert switch.at_once


def test_a_signal_after_a_timeout_is_an_order() -> None:
    switch = StopSwitch()
    switch.request()
    with switch.listening():
        os.kill(os.getpid(), signal.SIGINT)
    assert switch.at_once


def test_the_old_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with suppress(KeyError), StopSwitch().listening():
        assert signal.getsignal(signal.SIGINT) not in before
        raise KeyError
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
