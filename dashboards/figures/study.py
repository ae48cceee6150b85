"""All figures of a study."""

from plotly.graph_objects import Figure

from dashboards.figures.curves import diagonality_figure, gradient_figure
from dashboards.figures.importance import importance_figure
from dashboards.figures.material import read_material
from dashboards.figures.quality import quality_figures
from dashboards.figures.savings import savings_figure
from storage.database import Database


def study_figures(database: Database, study: str) -> dict[str, Figure]:
    """The figures of ``study`` by their ids, in the order of display; none is left out.

    Where there is nothing to draw yet, a figure says so. ``layout.meta`` has its title and its
    note as plain text.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    material = read_material(database, study)
    return {
        "gradient-norm": gradient_figure(material),
        "diagonality": diagonality_figure(material),
        **quality_figures(material),
        "savings": savings_figure(material),
        "importance": importance_figure(material),
    }
