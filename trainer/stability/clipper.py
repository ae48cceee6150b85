"""The gradient clipper: not at all, at a fixed norm, or at a percentile of the norms so far."""

import math
from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from trainer.hparams.stability import StabilityHParams

_LEAST_HISTORY = 10
"""Norms that must be known before a percentile of them means something."""


def gradient_norm(parameters: Iterable[nn.Parameter]) -> Tensor:
    """The L2 norm over all gradients as one vector, a scalar; 0 where there are none."""
    return torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])


class GradientClipper:
    """Scales gradients down to a norm, in place, as the hparam ``grad_clip`` says.

    ``none`` measures only. ``norm`` clips at ``grad_clip_thresh``. ``adaptive`` is AutoClip
    (Seetharaman et al. 2020, arXiv 2007.14469): it clips at the percentile
    ``grad_clip_percentile`` of the last ``grad_clip_history`` norms before clipping, the present
    one included; until ten are known, at ``grad_clip_thresh``.

    A norm that is not finite changes no gradient and is not remembered: what to do about it is
    not for a clipper to say. Nor is a norm of 0, which would clip everything after it to nothing.
    """

    def __init__(self, hparams: StabilityHParams) -> None:
        self._hparams = hparams
        self._norms: deque[float] = deque(maxlen=hparams.grad_clip_history)

    def clip(self, parameters: Iterable[nn.Parameter]) -> float:
        """Clip, and return the norm before clipping."""
        parameters = list(parameters)
        norm = gradient_norm(parameters)
        self.clip_with(parameters, norm)
        return float(norm)

    def clip_with(self, parameters: Iterable[nn.Parameter], norm: Tensor | float) -> None:
        """Clip gradients whose norm is known already.

        Args:
            parameters: those whose gradients are scaled.
            norm: their :func:`gradient_norm`, a scalar.
        """
        value = float(norm)
        if self._hparams.grad_clip == "none" or not math.isfinite(value):
            return
        if self._hparams.grad_clip == "adaptive" and value > 0.0:
            self._norms.append(value)
        total = norm if isinstance(norm, Tensor) else torch.tensor(norm)
        torch.nn.utils.clip_grads_with_norm_(parameters, self.threshold, total)

    @property
    def threshold(self) -> float:
        """The norm at which it clips now; infinite where it does not."""
        if self._hparams.grad_clip == "none":
            return math.inf
        if self._hparams.grad_clip == "norm" or len(self._norms) < _LEAST_HISTORY:
            return self._hparams.grad_clip_thresh
        return float(np.percentile(list(self._norms), self._hparams.grad_clip_percentile))

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"norms": list(self._norms)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the clipper whose :meth:`state` this is."""
        self._norms = deque(state["norms"], maxlen=self._hparams.grad_clip_history)
