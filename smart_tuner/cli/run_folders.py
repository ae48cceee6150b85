"""The folders of a study's runs."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from storage.records import TrialRecord


def run_folders(study: str, trials: Sequence[TrialRecord]) -> list[Path]:
    """The folders that hold the files of ``study`` and of nobody else, as far as they exist.

    The folder named after the study goes whole, with what its trials share; but where it holds
    runs of other trials too (a study of that name in another database), its own runs alone.
    """
    runs_in: defaultdict[Path, set[Path]] = defaultdict(set)
    for trial in trials:
        if trial.run_dir is not None:
            runs_in[Path(trial.run_dir).parent].add(Path(trial.run_dir))
    folders: list[Path] = []
    for parent, runs in sorted(runs_in.items()):
        whole = parent.name == study and _runs_within(parent) <= runs
        folders += [parent] if whole else sorted(runs)
    return [folder for folder in folders if folder.is_dir()]


def size_of(folders: Iterable[Path]) -> int:
    """The bytes of all files in ``folders``; links are not followed."""
    return sum(
        (Path(root) / name).lstat().st_size
        for folder in folders
        for root, _, names in os.walk(folder)
        for name in names
    )


def _runs_within(folder: Path) -> set[Path]:
    """Runs bear the numbers of their trials."""
    if not folder.is_dir():
        return set()
    return {path for path in folder.iterdir() if path.name.isdecimal()}
