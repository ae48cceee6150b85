"""Where the runs of a study lie: where the database says, or in a folder named to the server."""

from pathlib import Path

from storage.database import Database
from storage.outlines import trial_outlines
from storage.trials import Trials


class RunFolders:
    """Finds run directories.

    Args:
        database: names the run directory of each trial.
        runs: where ``<study>/<number>`` lie when they are not there: on another machine, in a
            container; ``None``: nowhere else.
    """

    def __init__(self, database: Database, runs: Path | None) -> None:
        self._database = database
        self._runs = runs

    def of(self, study: str) -> dict[int, Path | None]:
        """The run directories of all trials of a study that are ours, by number.

        They need not exist; ``None`` where nobody knows of any.
        """
        outlines = trial_outlines(self._database, study)
        return {
            number: self._folder(study, number, outline.run_dir)
            for number, outline in outlines.items()
        }

    def get(self, study: str, number: int) -> Path | None:
        """The run directory of a trial; ``None`` where nobody knows of any."""
        trial = Trials(self._database).get(study, number)
        return None if trial is None else self._folder(study, number, trial.run_dir)

    def _folder(self, study: str, number: int, run_dir: str | None) -> Path | None:
        recorded = None if run_dir is None else Path(run_dir)
        if self._runs is None or (recorded is not None and recorded.is_dir()):
            return recorded
        return self._runs / study / str(number)
