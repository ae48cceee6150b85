"""Whether this machine has a GPU that a trainer could use, asked without torch."""

import os
from pathlib import Path


def has_gpu() -> bool:
    """Whether an NVIDIA device is there and not hidden by ``CUDA_VISIBLE_DEVICES``."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return False
    return any(Path("/dev").glob("nvidia[0-9]*"))
