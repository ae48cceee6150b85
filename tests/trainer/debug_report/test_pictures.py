"""What the pictures must have room for."""

import math

import pytest

from trainer.debug_report.pictures import _LABEL_SHARE, _room_for_labels


@pytest.mark.parametrize(("left", "largest"), [(1e13, 1.23e19), (0.5, 1.0), (5e-7, 1.0)])
def test_the_longest_bar_leaves_room_for_its_label(left: float, largest: float) -> None:
    right = _room_for_labels(left, largest)
    beside = math.log(right / largest) / math.log(right / left)
    assert beside >= _LABEL_SHARE - 1e-9
