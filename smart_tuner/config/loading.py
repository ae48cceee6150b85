"""From the command line, the environment and ``study.yaml`` to one configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import InitSettingsSource

from smart_tuner.config.environment import read_environment, variable_name
from smart_tuner.config.errors import first_problem
from smart_tuner.config.mlflow_section import TRACKING_VARIABLE, tracking_uri_of
from smart_tuner.config.schema import Location
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.config.yaml_file import read_yaml
from trainer.exit_codes import BadInputError


def load_config(
    path: Path | None, overrides: Mapping[str, Any], *, environ: Mapping[str, str]
) -> StudyConfig:
    """The configuration of a study; without anything given, the embedded demo study.

    Args:
        path: a ``study.yaml``, or ``None``.
        overrides: what the command line says, by section: ``{"study": {"trials": 3}}``. It
            stands above the environment, the file and the defaults; ``None`` says nothing.
        environ: usually ``os.environ``.

    Raises:
        BadInputError: one line that names the place, the value and the remedy.
    """
    layers = {
        "command line": _without_none(overrides),
        "environment": read_environment(environ),
        "file": _from_file(path),
        TRACKING_VARIABLE: tracking_uri_of(environ),
    }
    sources = tuple(InitSettingsSource(StudyConfig, values) for values in layers.values())
    try:
        return StudyConfig(_build_sources=(sources, {}))
    except ValidationError as error:
        location, message = first_problem(error)
        raise BadInputError(f"{_origin(location, layers, path)}: {message}") from None


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    # Probes belong to the embedded study: whoever writes a configuration asks for theirs.
    return {"probes": [], **read_yaml(path)}


def _origin(location: Location, layers: Mapping[str, Any], path: Path | None) -> str:
    """Where a person finds what is wrong: the topmost layer that says it."""
    origins = {
        "environment": f"environment {variable_name(location)}",
        "file": str(path),
        TRACKING_VARIABLE: f"environment {TRACKING_VARIABLE}",
    }
    for name, values in layers.items():
        if location and _says(values, location):
            return origins.get(name, name)
    return str(path) if path else "configuration"


def _says(values: Any, location: Location) -> bool:
    for key in location:
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """Options that were not given, and sections that hold none but such, are left out."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        given = _without_none(value) if isinstance(value, Mapping) else value
        if given is not None and given != {}:
            kept[name] = given
    return kept
