"""The environment as a layer of configuration: ``SMART_TUNER_STUDY__TRIALS=8``."""

from collections.abc import Mapping
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from smart_tuner.config.schema import Location
from smart_tuner.config.study_config import StudyConfig
from trainer.exit_codes import BadInputError
from trainer.hparams.suggestion import suggestion

PREFIX = "SMART_TUNER_"
_DELIMITER = "__"
_OTHERS = {"dashboard", "telegram"}
"""Sections of the environment alone, which other programs of ours read."""


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The sections that ``environ`` sets, as far as it does; values are strings or JSON.

    Raises:
        BadInputError: a variable names no section, or holds a broken list or mapping.
    """
    _refuse_unknown_sections(environ)
    source = EnvSettingsSource(StudyConfig)
    source.env_vars = {name.lower(): value for name, value in environ.items() if value}
    try:
        return source()
    except SettingsError as error:
        raise BadInputError(f"environment: {_broken_variable(environ, error)}") from None


def variable_name(location: Location) -> str:
    """The variable that sets the key at ``location``."""
    return PREFIX + _DELIMITER.join(str(key) for key in location).upper()


def _refuse_unknown_sections(environ: Mapping[str, str]) -> None:
    """Variables without a delimiter are others' (``SMART_TUNER_TEST_CORPUS``): left alone."""
    for name in sorted(environ):
        section, delimiter, _ = name.upper().removeprefix(PREFIX).partition(_DELIMITER)
        known = StudyConfig.model_fields
        if section.lower() in _OTHERS:
            continue
        if name.upper().startswith(PREFIX) and delimiter and section.lower() not in known:
            meant = suggestion(section, known)
            raise BadInputError(f"environment {name}: unknown section '{section.lower()}'{meant}")


def _broken_variable(environ: Mapping[str, str], error: SettingsError) -> str:
    """pydantic-settings names the field alone; a person needs the variable."""
    fields = [name for name in StudyConfig.model_fields if f'"{name}"' in str(error)]
    for name in sorted(environ):
        if any(name.upper().startswith(variable_name((field,))) for field in fields):
            return f'{name} must hold JSON, such as [1, 2] or {{"a": 1}}'
    return str(error)
