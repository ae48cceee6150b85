"""Files to write, held against the files that are read: a slip must not destroy a voice."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainer.exit_codes import BadInputError


def refuse_overwriting(out: Path, inputs: Mapping[str, Path | None]) -> None:
    """:class:`BadInputError` where ``out`` is one of ``inputs``, which are named by what they are.

    Links are followed; None is no file.
    """
    for name, path in inputs.items():
        if path is not None and _is_same_file(out, path):
            raise BadInputError(f"{out} is the {name}: name another file to write")


def require_report(report: Path, wavs: Iterable[Path]) -> None:
    """:class:`BadInputError` where ``report`` isn't named as JSON, or is one of ``wavs``."""
    if report.suffix.lower() != ".json":
        raise BadInputError(f"--report {report}: a report is JSON; let the name end in .json")
    for wav in wavs:
        refuse_overwriting(report, {"WAV to be written": wav})


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return os.path.realpath(one) == os.path.realpath(other) or one.samefile(other)
    except OSError:  # one of them is not there
        return False
