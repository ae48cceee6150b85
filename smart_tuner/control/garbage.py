"""Python's garbage collector, kept out of the way of decisions."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_collections() -> Iterator[None]:
    """What is there before the block is not looked at within it.

    A full collection goes through every object of the process, modules and all, in the midst of
    whatever it does: 70 ms for a controller with 200 trials. What lives to the end anyway needs no
    such look.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
