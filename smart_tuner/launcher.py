"""From hyperparameters to a trainer's run directory and command line."""

from pathlib import Path

import yaml

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.corpora import StudyCorpus
from smart_tuner.trainer_process import LEASE_SECONDS, TrainerProcess
from trainer.events import EventReader, Started
from trainer.hparams import HParams, parse_hparams
from trainer.paths import RunPaths, write_text
from trainer.text import default_symbols

RUNS = Path("runs")


class Launcher:
    """Starts the trainers of one study."""

    def __init__(self, config: StudyConfig, corpus: StudyCorpus, directory: Path) -> None:
        self._config = config
        self._corpus = corpus
        self.directory = directory

    def paths(self, number: int) -> RunPaths:
        """The run directory of a trial."""
        return RunPaths(self.directory / str(number))

    def hparams(self, params: dict[str, object]) -> HParams:
        """A trial's hyperparameters, its symbol table chosen by the corpus's script."""
        hparams = self._config.hparams(params)
        if hparams.symbols != "auto":
            return hparams
        return parse_hparams({"symbols": default_symbols(self._corpus.corpus.language)}, hparams)

    def start(self, number: int, hparams: HParams) -> TrainerProcess:
        """Start a trial, or continue it from its checkpoint."""
        paths = self.paths(number)
        steps = self._config.trainer.steps
        if paths.last_checkpoint.exists():
            steps = _begun_steps(paths) or steps
        else:
            # Nothing to continue from: what an attempt left behind belongs to no run.
            paths.events.unlink(missing_ok=True)
        return self._launch(paths, hparams, ["train", "--steps", str(steps)])

    def measure(self) -> TrainerProcess:
        """Start the measurement of what a trial costs."""
        paths = RunPaths(self.directory / "estimate")
        paths.events.unlink(missing_ok=True)
        return self._launch(paths, self.hparams({}), ["estimate"])

    def _launch(self, paths: RunPaths, hparams: HParams, command: list[str]) -> TrainerProcess:
        if not paths.last_checkpoint.exists():
            write_text(paths.hparams, yaml.safe_dump(hparams.model_dump(mode="json")))
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
        ]  # fmt: skip
        return TrainerProcess(paths, arguments, trainer.threads)


def _begun_steps(paths: RunPaths) -> int | None:
    """The length that a run began with: its schedule must not change halfway."""
    started = [event for event in EventReader(paths.events).poll() if isinstance(event, Started)]
    return started[0].steps if started else None
