"""Which recordings are spoken much faster or slower for their text than the others."""

from collections.abc import Sequence

import numpy as np

_MIN_SPREAD = 0.05
"""A corpus spoken by a clock has no spread: deviations are counted in 5 % at least."""
_MIN_RATES = 8
"""In fewer recordings nothing is usual yet."""


def rate_deviations(characters_per_second: Sequence[float]) -> list[float]:
    """The deviation of each speaking rate from the median, in robust standard deviations.

    Taken of the logarithms; 1.4826 times their median absolute deviation stands for the standard
    deviation. 0 where there are too few rates to say.
    """
    if len(characters_per_second) < _MIN_RATES:
        return [0.0] * len(characters_per_second)
    logarithms = np.log(np.maximum(characters_per_second, 1e-3))
    centred = logarithms - np.median(logarithms)
    spread = max(1.4826 * float(np.median(np.abs(centred))), _MIN_SPREAD)
    return [float(deviation) for deviation in centred / spread]
