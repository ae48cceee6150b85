"""What the parts of a controller share."""

from dataclasses import dataclass, field

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.console import ConsoleSink
from smart_tuner.launcher import Launcher
from smart_tuner.ledger import Ledger
from smart_tuner.neighbours import Neighbours
from smart_tuner.proposals import Proposals
from smart_tuner.registration import Registration
from smart_tuner.stopping import StopSwitch
from smart_tuner.trial_run import TrialRun
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
