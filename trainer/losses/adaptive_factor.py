"""The gradient adaptive factor: the recogniser may pull no harder than the mel loss.

The mutual information term is weighted by ‖∇taco‖/‖∇ctc‖, at most ``max_gaf`` (METRICS; after
the authors' code for Liu et al. 2019, arXiv 1909.01145).
"""

import math

from torch import nn

_ONE_LOSS_ALONE = (
    "postnet.", "decoder.linear_projection.", "decoder.gate_layer.", "coarse_decoder.",
    "recogniser.", "tpse.",
)  # fmt: skip


def adaptive_factor(taco_norm: float, ctc_norm: float, max_gaf: float) -> float:
    """min(max_gaf, taco_norm / ctc_norm); 0, that is no pull, where a norm is not finite."""
    if not (math.isfinite(taco_norm) and math.isfinite(ctc_norm)):
        return 0.0
    if taco_norm >= max_gaf * ctc_norm:  # a quotient could overflow, or be 0/0
        return max_gaf
    return taco_norm / ctc_norm


def shared_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters of a Tacotron2 that both losses reach, over which the norms are taken."""
    return [
        parameter
        for name, parameter in model.named_parameters()
        if not name.startswith(_ONE_LOSS_ALONE)
    ]
