"""``SmartTunerMain``: a study from its configuration to its best voice."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from optuna.storages import RDBStorage
from rich.console import Console

from dashboards.formatting import duration
from smart_tuner.components import Component, assemble, summary
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.control.context import Context
from smart_tuner.control.controller import Controller
from smart_tuner.control.garbage import quick_collections
from smart_tuner.control.ledger import Ledger
from smart_tuner.control.neighbours import Neighbours
from smart_tuner.control.outage import OUTAGES, check_outage, outlast, words
from smart_tuner.control.registration import Registration
from smart_tuner.control.stopping import StopSwitch
from smart_tuner.corpora import StudyCorpus, prepare_corpus
from smart_tuner.exit_codes import TunerExit
from smart_tuner.forecast import Forecast
from smart_tuner.launch.launcher import RUNS, Launcher
from smart_tuner.launch.study_folder import set_aside, writable
from smart_tuner.launch.trainer_process import TRAINER
from smart_tuner.results import best_trials, print_results
from smart_tuner.search.proposals import Proposals
from smart_tuner.sinks.console import ConsoleSink
from smart_tuner.sinks.process import SinkProcess
from smart_tuner.sinks.settings import SinkSettings
from smart_tuner.warm_start import warm_start_fingerprint
from storage.database import Database, open_database
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import StudyState, StudyStatus, TrialRecord
from storage.status import read
from storage.studies import Studies
from storage.trials import Trials

_T = TypeVar("_T")


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
        self._sinks = SinkProcess(self._sink.say)

    def run(self) -> TunerExit:
        """Run the study to its end, or to a request to stop.

        Raises:
            BadInputError: corpus, checkpoint, configuration or run directory need mending.
            StorageError: the database can't be used.
        """
        warm_start = warm_start_fingerprint(self.config.trainer.warm_start)
        # A bad corpus leaves no empty database behind, and a wrong URL no demo corpus.
        corpus = prepare_corpus(self.config, self._sink) if self.config.corpus else None
        with self._database() as database:
            corpus = corpus or prepare_corpus(self.config, self._sink)
            with self._stop.listening(), self._sinks:
                state = self._run(database, corpus, warm_start)
                self._sinks.finish(self._stop)
            code = self._outlasting(
                database,
                lambda: print_results(self._console, database, self.config, state, self._stop),
            )
            return TunerExit.STOPPED if code is None else code

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

    def status(self) -> StudyStatus:
        """How the study stands, while it runs (in another thread or process) or after.

        Raises:
            StudyNotFoundError: it was never started.
        """
        with self._database() as database:
            return read(database, self.config.study.name)

    def trials(self) -> list[TrialRecord]:
        """Its trials, by number."""
        with self._database() as database:
            return Trials(database).list_of(self.config.study.name)

    def best(self) -> list[TrialRecord]:
        """The best trial, if one was completed; of several objectives all that none other beats.

        Its ``checkpoint`` is the voice, its ``sample_wav`` how that speaks.
        """
        with self._database() as database:
            return best_trials(Trials(database), self.config)

    def _database(self) -> AbstractContextManager[Database]:
        return open_database(self.config.storage.url.get_secret_value())

    def _run(self, database: Database, corpus: StudyCorpus, warm_start: str | None) -> StudyState:
        launcher = Launcher(self.config, corpus, self._study_folder(database), self._trainer)
        registration = Registration(database, self.config, corpus.corpus, warm_start)
        for change in registration.enter():
            name = self.config.study.name
            self._sink.say(f"study '{name}': {change.what} changed since its last start")
        state = StudyState.STOPPED
        try:
            run = self._outlasting(
                database, lambda: self._run_registered(database, launcher, registration)
            )
            state = run or state
        finally:
            left = self._outlasting(database, lambda: registration.leave(state))
        return left or state

    def _outlasting(self, database: Database, work: Callable[[], _T]) -> _T | None:
        """What ``work`` returns, begun again after an outage; ``None`` where a person gave up.

        The loop of trials outlasts outages itself; here are those before it and after it.
        """
        while True:
            try:
                return work()
            except OUTAGES as error:
                check_outage(error)
                self._sink.say(f"the database is away ({words(error)})", style="yellow")
                if not outlast(database, lambda: not self._stop.requested, self._sink.say):
                    return None

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
            controller = self._controller(database, storage, launcher, registration)
            controller.recover()
            sinks = SinkSettings.of(self.config, launcher.directory)
            if not controller.remaining:
                self._sink.say(self._done(registration, spent=controller.budget_is_spent))
                self._sinks.start_if_unsent(sinks)
                return StudyState.FINISHED
            self._sink.say(summary(self.integrate_critical_components()))
            self._look_ahead(controller, launcher, registration)
            self._sinks.start(sinks)
            with quick_collections(), self._sink.open():
                return controller.run()
        finally:
            close_optuna_storage(storage)

    def _done(self, registration: Registration, *, spent: bool) -> str:
        line = f"Study '{self.config.study.name}' is done"
        budget = registration.configured().study.budget
        if not spent or budget is None:
            return f"{line}."
        return (
            f"{line}: its budget of {duration(budget)} is spent. "
            "To go on, give it a larger one with --budget, or none with --budget none"
        )

    def _controller(
        self,
        database: Database,
        storage: RDBStorage,
        launcher: Launcher,
        registration: Registration,
    ) -> Controller:
        config = registration.configured()
        grace = config.grace_steps(config.hparams())
        name, objectives = config.study.name, config.study.objective
        context = Context(
            config=config,
            database=database,
            registration=registration,
            proposals=Proposals(config, storage, grace),
            ledger=Ledger(database, name, objectives, registration.id, registration.process),
            launcher=launcher,
            sink=self._sink,
            stop=self._stop,
            neighbours=Neighbours(registration.id),
        )
        return Controller(context, lambda: self._show(database))

    def _look_ahead(
        self, controller: Controller, launcher: Launcher, registration: Registration
    ) -> None:
        """Measure what a trial costs, and say what follows: how many at once, how long in all."""
        forecast = Forecast(self.config, launcher, self._sink)
        name = registration.id[:8]
        cost = forecast.measure(name, controller.idle) if controller.idle() else None
        controller.plan(cost)
        if cost is not None:
            forecast.tell(cost, controller.loads, controller.slots.size)

    def _show(self, database: Database) -> None:
        name = self.config.study.name
        self._sink.update(read(database, name), Trials(database).recent(name))
        self._sinks.watch()
