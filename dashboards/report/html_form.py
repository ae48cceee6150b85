"""The report as one HTML file that asks nobody for anything: scripts, pictures, sound inside."""

import base64
import hashlib
import json
from datetime import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from dashboards.figures import study_figures
from dashboards.formatting import duration
from dashboards.report import page
from dashboards.report.material import Material, read_material
from dashboards.report.texts import PROBLEMS, WORDS
from dashboards.report.trial_view import trial_view
from storage.database import Database

_POLICY = (
    "default-src 'none'; img-src data: blob:; media-src data:; style-src 'unsafe-inline'; "
    "script-src {scripts}; base-uri 'none'; form-action 'none'"
)


def html_report(database: Database, study: str, made_by: str) -> str:
    """The report as HTML.

    What a person has named (study, hyperparameters, errors) is escaped, and by its content
    security policy the page runs no script but its own and loads nothing.

    Args:
        database: where the study is.
        study: its name.
        made_by: program and version, for the last line.

    Raises:
        StudyNotFoundError: there is no such study.
        StorageError: the database can't be read.
    """
    material = read_material(database, study)
    figures = study_figures(database, study)
    plotly, own = get_plotlyjs(), _part("report.js")
    return _template().render(
        policy=_POLICY.format(scripts=f"{_hash(plotly)} {_hash(own)}"),
        style=_part("report.css"),
        plotly=plotly,
        script=own,
        figures={name: _drawable(figure) for name, figure in figures.items()},
        made=WORDS["made"].format(by=made_by, at=_moment(material.made_at)),
        **_parts(material),
    )


def _parts(material: Material) -> dict[str, object]:
    return {
        "words": WORDS,
        "problems": PROBLEMS,
        "material": material,
        "cards": page.cards(material),
        "voices": page.voices(material),
        "front_more": max(0, len(material.summary.front) - page.MOST_VOICES),
        "searched": page.searched(material),
        "setup": page.setup(material),
        "failures": page.failure_views(material),
        "costs": page.costs(material),
        "listed": [(trial_view(one), material.cost(one)) for one in page.listed(material)],
        "speak": page.speak_command(material),
        "most_numbers": page.MOST_NUMBERS,
        "span": (_moment(material.began_at), _moment(material.last_at)),
    }


def _drawable(figure: Figure) -> dict[str, object]:
    """What the page's script draws: title and note are the page's own text."""
    drawn: dict[str, object] = json.loads(figure.to_json())
    return drawn


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("dashboards.report"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["duration"] = duration
    return environment.get_template("report.html")


def _part(name: str) -> str:
    return files("dashboards.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """As a content security policy names a script that may run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _moment(at: datetime | None) -> str:
    """In UTC: a report is read anywhere."""
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
