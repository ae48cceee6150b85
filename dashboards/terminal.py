"""The views of the terminal: pure functions from records to rich renderables, 80 columns wide.

All text from records goes through :class:`rich.text.Text`, so that a ``[`` in a name stays one.
"""

from dashboards.best import best_panel
from dashboards.live import live_view
from dashboards.tables import studies_table, trials_table

__all__ = ["best_panel", "live_view", "studies_table", "trials_table"]
