"""The checkpoint with whose weights the trials of a study begin."""

import hashlib
from pathlib import Path

from trainer.exit_codes import BadInputError


def warm_start_fingerprint(path: Path | None) -> str | None:
    """SHA-256 of the file, wherever it lies; ``None`` where trials begin at random.

    What is in the file is the trainer's to judge: it loads it before the first trial.

    Raises:
        BadInputError: the file is missing, or can't be read.
    """
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInputError(
            f"trainer.warm_start={path}: {error.strerror}; name a checkpoint that can be read, "
            "such as runs/demo/0/checkpoints/best.pt"
        ) from None
