"""Collections while a study runs: short, and none the less done."""

import gc
import weakref

import pytest

from smart_tuner.control.garbage import quick_collections


class Circle:
    def __init__(self) -> None:
        self.self = self


def test_what_was_there_is_not_looked_at_until_the_end() -> None:
    def fail() -> None:
        with quick_collections():
            assert gc.get_freeze_count() > 10_000
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.get_freeze_count() == 0


def test_garbage_of_the_block_is_collected() -> None:
    with quick_collections():
        circle = weakref.ref(Circle())
        gc.collect()
        assert circle() is None
