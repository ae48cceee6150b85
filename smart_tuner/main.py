"""``SmartTunerMain``: a study from its configuration to its best voice."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from smart_tuner.components import Component, assemble, summary
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.console import ConsoleSink
from smart_tuner.controller import Controller
from smart_tuner.corpora import StudyCorpus, prepare_corpus
from smart_tuner.costs import Cost
from smart_tuner.exit_codes import TunerExit
from smart_tuner.forecast import Forecast
from smart_tuner.launcher import RUNS, Launcher
from smart_tuner.ledger import Ledger
from smart_tuner.proposals import Proposals
from smart_tuner.registration import Registration
from smart_tuner.results import print_results
from smart_tuner.stopping import StopSwitch
from smart_tuner.study_folder import set_aside, writable
from smart_tuner.trainer_process import TRAINER
from smart_tuner.warm_start import warm_start_fingerprint
from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyState
from storage.status import read
from storage.studies import Studies


class SmartTunerMain:
    """Runs one study; running it again continues it.

    Args:
        config: the study.
        console: where it shows itself; ``None``: the terminal.
        trainer: the command that trains, for one that speaks the same events as ours.

    Example:
        >>> from smart_tuner import SmartTunerMain, StudyConfig
        >>> SmartTunerMain(StudyConfig(study={"trials": 4})).run()  # doctest: +SKIP
    """

    def __init__(
        self,
        config: StudyConfig,
        console: Console | None = None,
        trainer: Sequence[str] = TRAINER,
    ) -> None:
        self.config = config
        self._trainer = trainer
        self._console = console or Console(emoji=False)
        self._sink = ConsoleSink(self._console, config.sinks.console)
        self._stop = StopSwitch()

    def run(self) -> TunerExit:
        """Run the study to its end, or to a request to stop.

        Raises:
            BadInputError: corpus, checkpoint, configuration or run directory need mending.
            StorageError: the database can't be used.
        """
        warm_start = warm_start_fingerprint(self.config.trainer.warm_start)
        # A bad corpus leaves no empty database behind, and a wrong URL no demo corpus.
        corpus = prepare_corpus(self.config, self._sink) if self.config.corpus else None
        with open_database(self.config.storage.url.get_secret_value()) as database:
            corpus = corpus or prepare_corpus(self.config, self._sink)
            with self._stop.listening():
                state = self._run(database, corpus, warm_start)
            return print_results(self._console, database, self.config, state, self._stop)

    def integrate_critical_components(self) -> tuple[Component, ...]:
        """Have the trainer make each of its components once, as this study sets it up.

        Called by :meth:`run` before the first trial of each start, so that what can't be
        assembled is known before the hours pass. Needs no corpus and no database.

        Returns:
            Every component by name: whether it is on, and with which settings.

        Raises:
            BadInputError: one can't be assembled; none is ever left out in silence.
        """
        return assemble(self.config, self._trainer)

    def _run(self, database: Database, corpus: StudyCorpus, warm_start: str | None) -> StudyState:
        launcher = Launcher(self.config, corpus, self._study_folder(database), self._trainer)
        registration = Registration(database, self.config, corpus.corpus, warm_start)
        for change in registration.enter():
            name = self.config.study.name
            self._sink.say(f"study '{name}': {change.what} changed since its last start")
        state = StudyState.STOPPED
        try:
            state = self._run_registered(database, launcher, registration)
        finally:
            registration.leave(state)
        return state

    def _study_folder(self, database: Database) -> Path:
        """Where the trials' run directories are, empty for a new study."""
        name = self.config.study.name
        directory = writable(RUNS / name)
        if Studies(database).get(name) is None and (aside := set_aside(directory)):
            self._sink.say(f"{directory} held another study's trials: they are now in {aside}")
        return directory

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
            self._sink.say(summary(self.integrate_critical_components()))
            controller.cost = self._cost(controller.loads, launcher, registration)
            with self._sink.open():
                controller.run()
            return StudyState.STOPPED if controller.remaining else StudyState.FINISHED
        finally:
            close_optuna_storage(storage)

    def _refresh(self, database: Database, registration: Registration, eta: float | None) -> None:
        registration.beat(eta)
        name = self.config.study.name
        self._sink.update(read(database, name), Ledger(database, name, ()).trials())

    def _cost(
        self, loads: Sequence[float], launcher: Launcher, registration: Registration
    ) -> Cost | None:
        """What a trial costs, told before the first one."""

        def go_on() -> bool:
            registration.beat(None)
            return not self._stop.requested

        return Forecast(self.config, launcher, self._sink).tell(loads, go_on) if go_on() else None
