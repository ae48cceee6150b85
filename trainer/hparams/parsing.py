"""Hyperparameters as people write them: files, assignments, misspelt names."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from trainer.exit_codes import BadInputError
from trainer.hparams.hparams import HParams
from trainer.hparams.suggestion import suggestion
from trainer.hparams.wording import expectation


def parse_hparams(overrides: Mapping[str, Any], base: HParams) -> HParams:
    """``base`` with ``overrides`` (values may be strings); :class:`BadInputError` on a bad one."""
    for name in overrides:
        if name not in HParams.model_fields:
            known = suggestion(name, HParams.model_fields)
            raise BadInputError(f"unknown hparam '{name}'{known}")
    try:
        return HParams.model_validate({**base.model_dump(), **overrides})
    except ValidationError as error:
        raise BadInputError(_first_error(error)) from None


def parse_assignments(text: str) -> dict[str, Any]:
    """``"learning_rate=1e-4,guide_loss_weight=2.5"`` as a dictionary; lists in brackets."""
    values: dict[str, Any] = {}
    for part in _split_outside_brackets(text):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise BadInputError(f"hparams: '{part.strip()}' is not of the form name=value")
        values[name.strip()] = _list(name, value) if value.strip()[0] in "[(" else value.strip()
    return values


def _list(name: str, value: str) -> Any:
    try:
        return yaml.safe_load(value.translate(str.maketrans("()", "[]")))
    except yaml.YAMLError:
        raise BadInputError(
            f"hparams: {name.strip()}={value.strip()} is not a list such as [256, 256]"
        ) from None


def read_hparams_file(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file of hparams; :class:`BadInputError` where it is none."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInputError(f"hparams file {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise BadInputError(f"hparams file {path} is not YAML: {reason}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise BadInputError(f"hparams file {path} must hold 'name: value' lines")
    return {str(name): value for name, value in values.items()}


def _split_outside_brackets(text: str) -> Iterable[str]:
    part, depth = "", 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            yield part
            part = ""
        else:
            part += character
    if part.strip():
        yield part


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return f"hparams: {first['msg'].removeprefix('Value error, ')}"
    name = ".".join(str(part) for part in first["loc"])
    return f"hparam {name}={first['input']!r}: {expectation(first)}"
