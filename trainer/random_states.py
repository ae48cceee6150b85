"""The random generators of a process: read, and put back."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Begin to draw anew, in every generator."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_states(device: torch.device) -> dict[str, Any]:
    """The states of Python's, NumPy's and torch's generators."""
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    states: dict[str, Any] = {
        "python": _listed(random.getstate()),
        "numpy": [str(name), torch.from_numpy(np.array(keys, dtype=np.int64)), position,
                  has_gauss, gauss],
        "torch": torch.get_rng_state(),
    }  # fmt: skip
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states: Mapping[str, Any], device: torch.device) -> None:
    """Go on drawing where :func:`random_states` was called."""
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(states["torch"].cpu())
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)


def _listed(value: Any) -> Any:
    """Tuples as lists, as deep as they go."""
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
