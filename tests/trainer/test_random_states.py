"""Random generators go on where they were."""

import random

import numpy as np
import torch

from trainer.random_states import random_states, restore_random_states, seed_all

CPU = torch.device("cpu")


def drawn() -> tuple[float, float, float, float]:
    return random.random(), random.gauss(), float(np.random.standard_normal()), float(torch.rand(1))


def test_all_go_on() -> None:
    seed_all(3)
    drawn()
    states = random_states(CPU)
    expected = drawn()
    seed_all(4)
    assert drawn() != expected
    restore_random_states(states, CPU)
    assert drawn() == expected


def test_a_seed_is_a_beginning() -> None:
    seed_all(3)
    one = drawn()
    seed_all(3)
    assert drawn() == one
