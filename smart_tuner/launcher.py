"""From hyperparameters to a trainer's run directory and command line."""

from collections.abc import Sequence
from pathlib import Path

from smart_tuner.config.sections import TrainerSection
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.corpora import StudyCorpus
from smart_tuner.trainer_process import LEASE_SECONDS, TRAINER, TrainerProcess, end_orphan
from trainer.events import EventReader, Started
from trainer.hparams import HParams, parse_hparams, write_hparams
from trainer.paths import RunPaths
from trainer.text import default_symbols

RUNS = Path("runs")


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

    def start(self, number: int, hparams: HParams) -> TrainerProcess:
        """Start a trial, or continue it from its checkpoint."""
        paths = self.paths(number)
        steps = self._config.trainer.steps
        if self.goes_on(number):
            steps = _begun_steps(paths) or steps
        else:
            # Nothing to continue from: what an attempt left behind belongs to no run.
            paths.events.unlink(missing_ok=True)
            _write_hparams(paths, hparams)
        return self._launch(paths, ["train", "--steps", str(steps)])

    def measure(self) -> TrainerProcess:
        """Start the measurement of what a trial costs."""
        paths = RunPaths(self.directory / "estimate")
        end_orphan(paths)
        paths.events.unlink(missing_ok=True)
        _write_hparams(paths, self.hparams({}))
        return self._launch(paths, ["estimate"])

    def _launch(self, paths: RunPaths, command: list[str]) -> TrainerProcess:
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
        return TrainerProcess(paths, arguments, trainer.threads, self._trainer)


def _warm_start(trainer: TrainerSection) -> list[str]:
    """Said at each start; a trainer that goes on from a checkpoint of its own passes it over."""
    if trainer.warm_start is None:
        return []
    options = ["--warm-start", str(trainer.warm_start)]
    if trainer.ignore_layers:
        options += ["--ignore-layers", ",".join(trainer.ignore_layers)]
    return options


def _write_hparams(paths: RunPaths, hparams: HParams) -> None:
    write_hparams(paths.hparams, hparams)


def _begun_steps(paths: RunPaths) -> int | None:
    """The length that a run began with: its schedule must not change halfway."""
    started = [event for event in EventReader(paths.events).poll() if isinstance(event, Started)]
    return started[0].steps if started else None
