"""What of a study may be changed while it runs: trials, jobs, timeout and budget."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from smart_tuner.config.durations import NO_LIMIT
from smart_tuner.config.errors import first_problem
from smart_tuner.config.sections import StudySection
from smart_tuner.config.study_config import StudyConfig
from trainer.exit_codes import BadInputError
from trainer.hparams.suggestion import suggestion

SETTABLE = ("trials", "jobs", "timeout", "budget")
_OTHERS = {"name": "study", "trials": 1, "jobs": 1}
"""What a section needs besides: any legal values."""


def parse_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """``["trials=80", "timeout=2h"]`` as ``{"trials": 80, "timeout": 7200.0}``.

    Raises:
        BadInputError: a pair that is none, a name that stands twice, or as
            :func:`checked_settings`.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise BadInputError(f"'{pair}' is not of the form name=value: write it as trials=80")
        if name in values:
            raise BadInputError(f"'{name}' is given twice: leave out all but one")
        values[name] = value
    if not values:
        raise BadInputError(f"nothing to set: name one of {', '.join(SETTABLE)}, as in trials=80")
    return checked_settings(values)


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` (values may be strings) as they are kept: JSON-ready; ``None``: no limit.

    Raises:
        BadInputError: a name that can't be set while a study runs, or a value that it can't take.
    """
    section = _section(_OTHERS, settings)
    kept = section.model_dump(mode="json", include=set(settings))
    return {name: kept[name] for name in settings}


def apply_settings(config: StudyConfig, settings: Mapping[str, Any]) -> StudyConfig:
    """A copy of ``config`` with ``settings``.

    Raises:
        BadInputError: as :func:`checked_settings`.
    """
    section = _section(config.study.model_dump(), settings)
    return config.model_copy(update={"study": section})


def describe_settings(before: StudyConfig, settings: Mapping[str, Any]) -> str:
    """What changes: ``trials is 80 now (was 12), timeout is 2h now (was none)``."""
    after = apply_settings(before, settings).study
    return ", ".join(
        f"{name} is {_shown(getattr(after, name))} now (was {_shown(getattr(before.study, name))})"
        for name in settings
    )


def _section(others: Mapping[str, Any], settings: Mapping[str, Any]) -> StudySection:
    for name in settings:
        if name not in SETTABLE:
            raise BadInputError(
                f"'{name}' can't be set while a study runs{suggestion(name, SETTABLE)}; "
                f"what can is {', '.join(SETTABLE)}"
            )
    try:
        return StudySection.model_validate({**others, **settings})
    except ValidationError as error:
        _, message = first_problem(error)
        raise BadInputError(message) from None


def _shown(value: Any) -> str:
    if not isinstance(value, float):
        return NO_LIMIT if value is None else str(value)
    whole = round(value)
    parts = [(whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or f"{value:g}s"
