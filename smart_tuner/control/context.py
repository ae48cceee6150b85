"""What the parts of a controller share."""

from dataclasses import dataclass, field

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.control.ledger import Ledger
from smart_tuner.control.neighbours import Neighbours
from smart_tuner.control.registration import Registration
from smart_tuner.control.stopping import StopSwitch
from smart_tuner.control.trial_run import TrialRun
from smart_tuner.launch.launcher import Launcher
from smart_tuner.search.proposals import Proposals
from smart_tuner.sinks.console import ConsoleSink
from storage.database import Database
from storage.records import TrialRecord


@dataclass
class Context:
    """One controller's view of its study; ``config`` follows what commands set."""

    config: StudyConfig
    database: Database
    registration: Registration
    proposals: Proposals
    ledger: Ledger
    launcher: Launcher
    sink: ConsoleSink
    stop: StopSwitch
    neighbours: Neighbours
    running: dict[int, TrialRun] = field(default_factory=dict)
    """The trials whose trainers this controller watches."""

    @property
    def study(self) -> str:
        """The study's name."""
        return self.config.study.name

    def teach(self, record: TrialRecord) -> None:
        """Tell Optuna the end of a trial, as our tables have it; a probe teaches nobody."""
        self.proposals.teach(record)
