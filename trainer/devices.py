"""The device a run computes on."""

import torch

from trainer.exit_codes import BadInputError


def choose_device(name: str) -> torch.device:
    """``auto`` takes the first GPU, or the CPU; :class:`BadInputError` on one that isn't there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BadInputError(f"device '{name}' is unknown: use auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BadInputError(
            f"device '{name}': this machine has {torch.cuda.device_count()} GPUs that torch can use"
        )
    if device.type not in ("cpu", "cuda"):
        raise BadInputError(f"device '{name}' is not supported: use auto, cpu, cuda or cuda:N")
    return device
