"""Weight norm (Salimans and Kingma 2016, arXiv 1602.07868), taken out of a state dict."""

from collections.abc import Mapping

import torch
from torch import Tensor

# Magnitude and direction: as torch.nn.utils.weight_norm keys them, and its parametrization.
_KEYS = {
    ".weight_g": ".weight_v",
    ".parametrizations.weight.original0": ".parametrizations.weight.original1",
}


def fuse_weight_norm(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``state_dict`` with plain weights, ``g · v / ‖v‖``; one without weight norm as it is.

    The norm is over all dimensions but the first, which is how HiFi-GAN uses it.
    """
    fused = dict(state_dict)
    for magnitude, direction in _KEYS.items():
        for key in [key for key in state_dict if key.endswith(magnitude)]:
            name = key.removesuffix(magnitude)
            if name + direction in fused:
                g, v = fused.pop(key), fused.pop(name + direction)
                fused[f"{name}.weight"] = torch._weight_norm(v, g, 0)
    return fused
