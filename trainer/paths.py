"""Every file name in a run directory, and the one way to write a file whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""``errno`` of an ``OSError`` that room on the disk mends."""


@dataclass(frozen=True)
class RunPaths:
    """The layout of one training run's directory."""

    root: Path

    @property
    def hparams(self) -> Path:
        """The resolved hyperparameters (YAML)."""
        return self.root / "hparams.yaml"

    @property
    def events(self) -> Path:
        """What happened, one JSON object a line (``docs/events.md``)."""
        return self.root / "events.jsonl"

    @property
    def log(self) -> Path:
        """The trainer's standard output and error, for people."""
        return self.root / "trainer.log"

    @property
    def lease(self) -> Path:
        """Touched by the controller; a trainer whose lease has run out leaves by itself."""
        return self.root / "lease"

    @property
    def process(self) -> Path:
        """Who runs the trainer: process id and start time (JSON), while it runs."""
        return self.root / "process.json"

    @property
    def stacks(self) -> Path:
        """The stacks of the trainer's threads: there while it listens for requests to tell them."""
        return self.root / "stacks.txt"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.root / "checkpoints"

    @property
    def last_checkpoint(self) -> Path:
        """The newest checkpoint; training resumes from it."""
        return self.checkpoints / "last.pt"

    @property
    def best_checkpoint(self) -> Path:
        """The checkpoint of the best evaluation so far."""
        return self.checkpoints / "best.pt"

    @property
    def previous_checkpoint(self) -> Path:
        """The checkpoint before the last, should that one be damaged; while the run goes on."""
        return self.checkpoints / "previous.pt"

    @property
    def good_checkpoint(self) -> Path:
        """The last checkpoint of calm training, for a rescue; while the run goes on."""
        return self.checkpoints / "good.pt"

    def kept_checkpoint(self, step: int) -> Path:
        """The checkpoint that is kept of every n-th step."""
        return self.checkpoints / f"step_{step:07d}.pt"

    def debug(self, step: int, cause: str, number: int) -> Path:
        """The folder that shows what went wrong at ``step``; ``number`` counts a run's troubles."""
        return self.root / "debug" / f"{number:02d}_step_{step:07d}_{cause}"

    def stalled(self, number: int) -> Path:
        """What was known of the trainer when it was found stalled for the ``number``-th time."""
        return self.root / "debug" / f"stalled_{number}.txt"

    @property
    def samples(self) -> Path:
        """The folder of alignment pictures and WAVs, two files an evaluation."""
        return self.root / "samples"

    def alignment_png(self, step: int) -> Path:
        """The picture of the alignment at ``step``."""
        return self.samples / f"alignment_{step:07d}.png"

    def sample_wav(self, step: int) -> Path:
        """The sentence spoken at ``step``."""
        return self.samples / f"sample_{step:07d}.wav"

    def relative(self, path: Path) -> str:
        """``path`` as text relative to the run directory (what events carry)."""
        return path.relative_to(self.root).as_posix()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` that replaces it when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile's, which are private: a team shares its runs.
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(6)}{path.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` whole or not at all (UTF-8)."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
