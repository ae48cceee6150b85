"""What lies in a trial's run directory and may be deleted once the trial has ended."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trainer.paths import RunPaths

_STEP = re.compile(r"\d+")


@dataclass(frozen=True)
class RunFiles:
    """The checkpoints and samples of one run, as they lie on the disk."""

    checkpoints: tuple[Path, ...] = ()
    alignments: tuple[Path, ...] = ()
    """Pictures, by step."""
    recordings: tuple[Path, ...] = ()
    """WAVs, by step."""
    left: tuple[Path, ...] = ()
    """What bears such a name but is a link, or lies elsewhere: nobody here deletes it."""

    @classmethod
    def in_directory(cls, run_dir: Path) -> "RunFiles":
        """What there is; nothing, where there is no such directory."""
        paths, home = RunPaths(run_dir), run_dir.resolve()
        checkpoints = sorted(paths.checkpoints.glob("*.pt"))
        alignments = sorted(paths.samples.glob("alignment_*.png"), key=step_of)
        recordings = sorted(paths.samples.glob("sample_*.wav"), key=step_of)
        found = (*checkpoints, *alignments, *recordings)
        left = tuple(path for path in found if not _lies_in(path, home))
        return cls(
            _without(checkpoints, left),
            _without(alignments, left),
            _without(recordings, left),
            left,
        )


def step_of(sample: Path) -> int:
    """The step of which a sample is; -1 where its name has none."""
    number = _STEP.search(sample.stem)
    return int(number[0]) if number else -1


def freed(files: Iterable[Path]) -> int:
    """The bytes that deleting ``files`` frees: one file under two names goes with the second."""
    stats = [path.lstat() for path in files]
    names = Counter((stat.st_dev, stat.st_ino) for stat in stats)
    sizes = {(s.st_dev, s.st_ino): s.st_size for s in stats
             if names[s.st_dev, s.st_ino] == s.st_nlink}  # fmt: skip
    return sum(sizes.values())


def _without(paths: Iterable[Path], left: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(path for path in paths if path not in left)


def _lies_in(path: Path, home: Path) -> bool:
    return not path.is_symlink() and path.is_file() and path.resolve().is_relative_to(home)
