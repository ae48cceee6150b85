"""Files that torch wrote: read without running what is in them, and never half."""

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from trainer.exit_codes import BadInputError

# What torch.load raises on files that are cut, empty or something else altogether.
_UNREADABLE = (
    OSError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError,
    OverflowError, pickle.UnpicklingError, zipfile.BadZipFile,
)  # fmt: skip
_FOREIGN_CLASS = re.compile(r"GLOBAL (\S+) was not an allowed")


def load_torch_file(path: Path, device: torch.device | str = "cpu") -> Any:
    """The contents of ``path``: tensors, numbers, strings and collections of them.

    Raises:
        BadInputError: it is missing, damaged, or holds anything else.
    """
    try:
        # torch reads a flipped byte without a word; the file's own checksums notice it.
        damaged = _damaged_part(path)
        if damaged is None and is_program(path):
            raise _program(path)
        contents = None if damaged else torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise BadInputError(f"checkpoint {path}: no such file") from None
    except IsADirectoryError:
        raise BadInputError(
            f"checkpoint {path} can't be read: it is a directory, name a file in it"
        ) from None
    except _UNREADABLE as error:
        raise _unreadable(path, error) from None
    if damaged:
        raise _damaged(path, f"checksum of {damaged}")
    return contents


def is_program(path: Path) -> bool:
    """Whether it is TorchScript, which ``torch.load`` would warn of before it fails."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _damaged_part(path: Path) -> str | None:
    """The first part of the archive whose checksum is wrong; old files have no checksums."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return archive.testzip()


def _program(path: Path) -> BadInputError:
    return BadInputError(
        f"{path} is an exported program, not a checkpoint; name the checkpoint that it was "
        "exported from"
    )


def _unreadable(path: Path, error: Exception) -> BadInputError:
    foreign = _FOREIGN_CLASS.search(str(error))
    if foreign is None:
        return _damaged(path, type(error).__name__)
    return BadInputError(
        f"checkpoint {path} holds a Python object ({foreign[1]}), which could run anything and is "
        "not loaded; where you trust it, save its weights alone: "
        "torch.save({'state_dict': checkpoint['state_dict']}, ...)"
    )


def _damaged(path: Path, reason: str) -> BadInputError:
    return BadInputError(
        f"checkpoint {path} can't be read: it is damaged, or no checkpoint ({reason}); name one "
        "that training wrote, such as runs/demo/0/checkpoints/best.pt"
    )
