"""Between log-mels and the model's units."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainer.audio import SILENCE
from trainer.data import MelScale


@given(st.floats(-20, 5), st.floats(0.1, 10), st.floats(-12, 3))
def test_round_trip(mean: float, deviation: float, value: float) -> None:
    scale = MelScale(mean, deviation)
    array = np.full((2, 3), value)
    assert scale.normalise(array) == pytest.approx((array - mean) / deviation)
    np.testing.assert_allclose(scale.restore(scale.normalise(array)), array, atol=1e-9)
    tensor = torch.full((2, 3), value, dtype=torch.float64)
    torch.testing.assert_close(scale.restore(scale.normalise(tensor)), tensor)


def test_silence_in_model_units() -> None:
    assert MelScale(-5.0, 2.0).silence == pytest.approx((SILENCE + 5) / 2)
    assert MelScale().silence == SILENCE
    assert MelScale(-5.0, 2.0).restore(np.array([MelScale(-5.0, 2.0).silence])) == SILENCE


def test_dtype_is_kept() -> None:
    assert MelScale(-5.0, 2.0).normalise(np.zeros(3, dtype=np.float32)).dtype == np.float32
    assert MelScale(-5.0, 2.0).restore(torch.zeros(3, dtype=torch.float16)).dtype == torch.float16


@pytest.mark.parametrize(
    ("mean", "deviation"),
    [(0.0, 0.0), (0.0, -1.0), (math.nan, 1.0), (0.0, math.nan), (math.inf, 1.0), (0.0, math.inf)],
)
def test_what_is_no_scale(mean: float, deviation: float) -> None:
    with pytest.raises(ValueError, match="not usable"):
        MelScale(mean, deviation)
