"""Reading ``study.yaml``."""

from pathlib import Path
from typing import Any

import yaml

from trainer.exit_codes import BadInputError
from trainer.hparams.strict_yaml import StrictLoader


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in the file; an empty file is an empty one, an empty section is left out.

    Raises:
        BadInputError: there is no such file, it cannot be read, or it is no YAML mapping; one
            line with the file, the line number and the remedy.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInputError(
            f"{path}: no such file; `smart-tuner init` writes a study.yaml to start from"
        ) from None
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}; name a file that can be read") from None
    except UnicodeDecodeError:
        raise BadInputError(f"{path}: not UTF-8 text; save it in that encoding") from None
    return _parse(text, path)


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        values = yaml.load(text, Loader=StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise BadInputError(f"{path}: {where}not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise BadInputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise BadInputError(f"{path}: must hold sections such as 'study:' and 'space:'")
    return {str(name): value for name, value in values.items() if value is not None}
