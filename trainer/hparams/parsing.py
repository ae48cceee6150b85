"""Hyperparameters as people write them: files, assignments, misspelt names."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from trainer.exit_codes import BadInputError
from trainer.hparams.hparams import HParams
from trainer.hparams.lists import LIST_FAULTS, list_expectation
from trainer.hparams.strict_yaml import StrictLoader
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
        name, value = name.strip(), value.strip()
        if not equals or not name or not value:
            raise BadInputError(
                f"hparams: '{part.strip()}' is not of the form name=value; a list stands in "
                "brackets, as in prenet_dims=[256,256]"
            )
        if name in values:
            raise BadInputError(f"hparams: '{name}' is given twice; leave out all but one")
        values[name] = _list(name, value) if value[0] in "[(" else value
    return values


def _list(name: str, value: str) -> Any:
    try:
        return yaml.safe_load(value.translate(str.maketrans("()", "[]")))
    except yaml.YAMLError:
        raise BadInputError(f"hparams: {name}={value} is not a list such as [256, 256]") from None


def read_hparams_file(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file of hparams; :class:`BadInputError` where it is none."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader)
    except OSError as error:
        raise BadInputError(f"hparams file {path}: {error.strerror}") from None
    except yaml.constructor.ConstructorError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise BadInputError(
            f"hparams file {path}: {line}{error.problem}; leave out all but one"
        ) from None
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
    whole = str(first["loc"][0])
    expected = list_expectation(whole, HParams.model_fields[whole])
    if expected and first["type"] in LIST_FAULTS:
        return f"hparam {whole}={first['input']!r}: {expected}"
    name = ".".join(str(part) for part in first["loc"])
    return f"hparam {name}={first['input']!r}: {expectation(first)}"
