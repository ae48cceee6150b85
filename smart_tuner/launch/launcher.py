"""From hyperparameters to a trainer's run directory and command line."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from smart_tuner.config.sections import TrainerSection
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.corpora import StudyCorpus
from smart_tuner.launch.trainer_process import (
    LEASE_SECONDS,
    STOP_GRACE_SECONDS,
    TRAINER,
    TrainerProcess,
    is_alive,
)
from trainer.events import EventReader, Started
from trainer.hparams import HParams, parse_hparams, write_hparams
from trainer.paths import RunPaths, atomic_path
from trainer.text import default_symbols

RUNS = Path("runs")
_ESTIMATE = "estimate"


class Launcher:
    """Starts the trainers of one study."""

    def __init__(
        self,
        config: StudyConfig,
        corpus: StudyCorpus,
        directory: Path,
        trainer: Sequence[str] = TRAINER,
    ) -> None:
        self._config = config
        self._corpus = corpus
        self._trainer = trainer
        self.directory = directory

    def paths(self, number: int) -> RunPaths:
        """The run directory of a trial."""
        return RunPaths(self.directory / str(number))

    def hparams(self, params: dict[str, object]) -> HParams:
        """A trial's hyperparameters.

        What neither the configuration nor ``params`` says: the seed is the study's, the symbol
        table follows the corpus's script.

        Raises:
            BadInputError: the values don't go together.
        """
        fixed = "seed" in self._config.trainer.hparams
        seed = {} if fixed else {"seed": self._config.study.seed}
        hparams = self._config.hparams({**seed, **params})
        if hparams.symbols != "auto":
            return hparams
        return parse_hparams({"symbols": default_symbols(self._corpus.corpus.language)}, hparams)

    def goes_on(self, number: int) -> bool:
        """Whether there is a checkpoint to continue a trial from."""
        paths = self.paths(number)
        candidates = (
            paths.last_checkpoint, paths.previous_checkpoint,
            paths.good_checkpoint, paths.best_checkpoint,
        )  # fmt: skip
        return any(path.exists() for path in candidates)

    def events_offset(self, number: int) -> int:
        """Where the events of a trial's next attempt begin: after those that it goes on from."""
        path = self.paths(number).events
        if not (self.goes_on(number) and path.exists()):
            return 0  # :meth:`start` begins the file anew
        return path.read_bytes().rfind(b"\n") + 1  # a writer cuts off what a kill left of a line

    def start(
        self,
        number: int,
        hparams: HParams,
        *,
        steps: int | None = None,
        gpu: str | None = None,
    ) -> TrainerProcess:
        """Start a trial, or continue it from its checkpoint.

        Args:
            number: the trial's.
            hparams: what it trains with.
            steps: its length; ``None``: the study's. One that goes on keeps the length that it
                began with, for its schedule must not change halfway.
            gpu: the only one that it may use.
        """
        paths = self.paths(number)
        begun = _begun_steps(paths)
        if not self.goes_on(number):
            # Nothing to continue from: what an attempt left behind belongs to no run.
            paths.events.unlink(missing_ok=True)
            begun = None
        write_hparams(paths.hparams, hparams)
        steps = begun or steps or self._config.trainer.steps
        return self._launch(paths, ["train", "--steps", str(steps)], gpu)

    def fork(self, source: Path, number: int) -> None:
        """Give a new trial the checkpoint ``source`` to go on from, as its best one too."""
        paths = self.paths(number)
        for target in (paths.best_checkpoint, paths.last_checkpoint):  # the last one last
            with atomic_path(target) as temporary:
                shutil.copyfile(source, temporary)

    def measure(self, name: str) -> TrainerProcess:
        """Start the measurement of what a trial costs, in a folder that is ``name``'s alone."""
        for folder in self.directory.glob(f"{_ESTIMATE}-*"):
            if _is_abandoned(RunPaths(folder)):
                shutil.rmtree(folder, ignore_errors=True)  # another controller may be at it, too
        paths = RunPaths(self.directory / f"{_ESTIMATE}-{name}")
        write_hparams(paths.hparams, self.hparams({}))
        return self._launch(paths, ["estimate"])

    def _launch(
        self, paths: RunPaths, command: list[str], gpu: str | None = None
    ) -> TrainerProcess:
        trainer = self._config.trainer
        arguments = [
            *command,
            "--run-dir", str(paths.root),
            "--corpus", str(self._corpus.path),
            "--preset", trainer.preset,
            "--hparams-file", str(paths.hparams),
            "--evaluate-every", str(trainer.evaluate_every),
            "--objective", self._config.study.objective[0],
            "--threads", str(trainer.threads),
            "--cache-dir", str(self.directory / "mels"),
            "--lease-seconds", str(LEASE_SECONDS),
            *_warm_start(trainer),
        ]  # fmt: skip
        return TrainerProcess.start(paths, arguments, trainer.threads, self._trainer, gpu)


def _warm_start(trainer: TrainerSection) -> list[str]:
    """Said at each start; a trainer that goes on from a checkpoint of its own passes it over."""
    if trainer.warm_start is None:
        return []
    options = ["--warm-start", str(trainer.warm_start)]
    if trainer.ignore_layers:
        options += ["--ignore-layers", ",".join(trainer.ignore_layers)]
    return options


def _is_abandoned(paths: RunPaths) -> bool:
    """Whether no trainer can be at work there, nor is about to start, here or on another host."""
    try:
        touched = paths.lease if paths.lease.exists() else paths.root
        age = time.time() - touched.stat().st_mtime
    except FileNotFoundError:  # whoever made it has just cleared it away
        return False
    return age > LEASE_SECONDS + STOP_GRACE_SECONDS and not is_alive(paths)


def _begun_steps(paths: RunPaths) -> int | None:
    """The length that a run began with: its schedule must not change halfway."""
    started = [event for event in EventReader(paths.events).poll() if isinstance(event, Started)]
    return started[0].steps if started else None
