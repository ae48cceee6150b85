"""``SmartTunerMain``: a study from its configuration to its best voice."""

from pathlib import Path

from rich.console import Console

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.console import ConsoleSink
from smart_tuner.controller import Controller
from smart_tuner.corpora import prepare_corpus
from smart_tuner.costs import Cost, cost_of, measure
from smart_tuner.exit_codes import TunerExit
from smart_tuner.gpus import has_gpu
from smart_tuner.health import is_too_short
from smart_tuner.launcher import RUNS, Launcher
from smart_tuner.ledger import Ledger
from smart_tuner.proposals import Proposals
from smart_tuner.registration import Registration
from smart_tuner.results import print_results
from smart_tuner.stopping import StopSwitch
from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyState
from storage.status import read
from trainer.exit_codes import BadInputError


class SmartTunerMain:
    """Runs one study; running it again continues it.

    Example:
        >>> from smart_tuner import SmartTunerMain, StudyConfig
        >>> SmartTunerMain(StudyConfig(study={"trials": 4})).run()  # doctest: +SKIP
    """

    def __init__(self, config: StudyConfig, console: Console | None = None) -> None:
        self.config = config
        self._console = console or Console()
        self._sink = ConsoleSink(self._console, config.sinks.console)
        self._stop = StopSwitch()

    def run(self) -> TunerExit:
        """Run the study to its end, or to a request to stop.

        Raises:
            BadInputError: corpus, configuration or run directory need mending.
            StorageError: the database can't be used.
        """
        name = self.config.study.name
        with (
            self._stop.listening(),
            open_database(self.config.storage.url.get_secret_value()) as database,
        ):
            corpus = prepare_corpus(self.config, self._console)
            launcher = Launcher(self.config, corpus, _writable(RUNS / name))
            registration = Registration(database, self.config, corpus.corpus)
            for change in registration.enter():
                self._sink.say(f"study '{name}': {change.what} changed since its last start")
            state = StudyState.STOPPED
            try:
                state = self._run_registered(database, launcher, registration)
            finally:
                registration.leave(state)
            return print_results(self._console, database, self.config, state)

    def _run_registered(
        self, database: Database, launcher: Launcher, registration: Registration
    ) -> StudyState:
        storage = optuna_storage(database)
        try:
            grace = self.config.grace_steps(self.config.hparams())
            controller = Controller(
                config=self.config,
                database=database,
                proposals=Proposals(self.config, storage, grace),
                ledger=Ledger(database, self.config.study.name, self.config.study.objective),
                launcher=launcher,
                sink=self._sink,
                stop=self._stop,
                refresh=lambda eta: self._refresh(database, registration, eta),
            )
            controller.recover()
            if not controller.remaining:
                self._sink.say(f"Study '{self.config.study.name}' is done.")
                return StudyState.FINISHED
            self._warn(grace)
            controller.cost = self._announced_cost(controller.remaining, launcher, registration)
            with self._sink.open():
                controller.run()
            return StudyState.STOPPED if controller.remaining else StudyState.FINISHED
        finally:
            close_optuna_storage(storage)

    def _refresh(self, database: Database, registration: Registration, eta: float | None) -> None:
        registration.beat(eta)
        name = self.config.study.name
        self._sink.update(read(database, name), Ledger(database, name, ()).trials())

    def _warn(self, grace: int) -> None:
        """Say what a person would want to know before the hours pass."""
        trainer = self.config.trainer
        if is_too_short(trainer.steps, grace):
            self._sink.say(
                f"warning: trials of {trainer.steps} steps are short for a grace period of {grace} "
                "steps: most will end before the alignment can be judged",
                style="yellow",
            )
        if trainer.preset == "tacotron2" and not has_gpu():
            self._sink.say(
                "warning: no GPU here, and preset tacotron2 is the full published model: "
                "try --preset demo, or a machine with a GPU",
                style="yellow",
            )

    def _announced_cost(
        self, trials: int, launcher: Launcher, registration: Registration
    ) -> Cost | None:
        """Measure and tell what a trial costs, and how many fit."""
        if self._stop.requested:
            return None
        self._sink.say("measuring what a trial costs on this machine ...")

        def go_on() -> bool:
            registration.beat(None)
            return not self._stop.requested

        process = launcher.measure()
        estimate = measure(process, go_on)
        if estimate is None:
            if not self._stop.requested:
                self._sink.say(f"the cost could not be measured: see {process.paths.log}")
            return None
        cost = cost_of(estimate, self.config)
        self._sink.say(_cost_line(cost, trials, self.config))
        return cost


def _cost_line(cost: Cost, trials: int, config: StudyConfig) -> str:
    jobs = config.study.jobs
    line = (
        f"about {_duration(cost.seconds_per_trial)} a trial; {trials} to go, {jobs} at once: "
        f"at most about {_duration(cost.remaining(trials, jobs))}"
    )
    if config.study.timeout is not None:
        fitting = cost.fitting(config.study.timeout, jobs)
        line += f"; about {fitting} fit into {_duration(config.study.timeout)}"
    return line


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _writable(directory: Path) -> Path:
    """``directory``, made; one clear line where the trainers could not write there."""
    probe = directory / ".writable"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInputError(
            f"{directory.resolve()} can't be written ({error.strerror}): "
            "start the study in a directory of yours"
        ) from None
    return directory
