import os
import threading
from collections.abc import Callable, Iterator

import pytest

from smart_tuner.sinks.orders import Order, Orders


@pytest.fixture
def pipe() -> Iterator[list[int]]:
    """The reading and the writing end."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        os.close(end)


def test_settings_then_orders(pipe: list[int]) -> None:
    reading, writing = pipe
    orders = Orders(lambda: None, reading)
    os.write(writing, '{"study": "Голос"}\n'.encode())
    assert orders.first_line() == '{"study": "Голос"}'
    assert orders.wait(0.01) is Order.GO_ON
    os.write(writing, b"finish\n")
    assert orders.wait(10) is Order.FINISH
    os.close(writing)
    pipe.remove(writing)
    assert orders.wait(0.2) is Order.FINISH


def test_an_order_right_behind_the_settings_is_heard(pipe: list[int]) -> None:
    reading, writing = pipe
    orders = Orders(lambda: None, reading)
    os.write(writing, b"{}\nfinish\n")
    assert orders.first_line() == "{}"
    assert orders.wait(10) is Order.FINISH


def test_a_controller_that_dies(pipe: list[int], wait_until: Callable[..., None]) -> None:
    reading, writing = pipe
    gone = threading.Event()
    orders = Orders(gone.set, reading)
    os.write(writing, b"{}\n")
    orders.first_line()
    os.close(writing)
    pipe.remove(writing)
    assert orders.wait(10) is Order.GONE
    wait_until(gone.is_set, 10)


def test_one_that_died_before_it_said_anything(pipe: list[int]) -> None:
    reading, writing = pipe
    os.close(writing)
    pipe.remove(writing)
    assert Orders(lambda: None, reading).first_line() == ""
