"""The views of the terminal: pure functions from records to rich renderables, 80 columns wide.

All text from records goes through :class:`rich.text.Text`, so that a ``[`` in a name stays one.
"""

from dashboards.best import best_panel
from dashboards.commands import commands_table
from dashboards.live import live_view
from dashboards.tables import studies_table, trials_table
from dashboards.trial import trial_panel

__all__ = [
    "best_panel",
    "commands_table",
    "live_view",
    "studies_table",
    "trial_panel",
    "trials_table",
]
