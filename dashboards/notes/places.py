"""Pages of the dashboard's site that notes link to."""

from urllib.parse import quote


def control_path(study: str) -> str:
    """The page with the buttons of a study."""
    return f"/control/{quote(study, safe='')}"
