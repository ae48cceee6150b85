"""What a study is: what must not change while it goes on, and what may."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from smart_tuner.config.parameters import Parameter
from smart_tuner.config.space import incompatible
from smart_tuner.config.study_config import StudyConfig
from trainer.exit_codes import BadInputError

_FIXED = ("corpus", "preset", "objective")
_MAY_CHANGE = ("space", "hparams", "steps", "rescue", "warm_start", "ignore_layers")
_UNSAID: dict[str, Any] = {"rescue": False, "warm_start": None, "ignore_layers": []}
"""What studies of version 0.1.0 don't say."""
_SPACE: TypeAdapter[dict[str, Parameter]] = TypeAdapter(dict[str, Parameter])


@dataclass(frozen=True)
class Change:
    """Something that differs from how the study began, and may."""

    what: str
    before: Any
    after: Any


def identity_of(
    config: StudyConfig, corpus_fingerprint: str, language: str, warm_start: str | None
) -> dict[str, Any]:
    """JSON-ready; ``hash`` is over all of it.

    Args:
        config: the study.
        corpus_fingerprint: of texts and recordings.
        language: the corpus's.
        warm_start: fingerprint of the checkpoint that trials begin with.
    """
    record = config.record()
    objectives = list(config.study.objective)
    parts: dict[str, Any] = {
        "corpus": corpus_fingerprint,
        "language": language,
        "preset": config.trainer.preset,
        "objective": objectives,
        "direction": config.directions[0] if len(objectives) == 1 else list(config.directions),
        "hparams": record["trainer"]["hparams"],
        "space": record["space"],
        "steps": config.trainer.steps,
        "rescue": config.study.rescue,
        "warm_start": warm_start,
        "ignore_layers": sorted(set(config.trainer.ignore_layers)),
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return {**parts, "hash": hashlib.sha256(text.encode()).hexdigest()}


def compare(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The changes that a study can take.

    Raises:
        BadInputError: corpus, preset or objective differ, or Optuna can't follow the space.
    """
    for what in _FIXED:
        if before[what] != after[what]:
            raise BadInputError(
                f"study '{name}' has another {what} ({_shown(before[what])}, now "
                f"{_shown(after[what])}): start anew with --name, or go back to the old {what}"
            )
    clash = incompatible(
        _SPACE.validate_python(before["space"]), _SPACE.validate_python(after["space"])
    )
    if clash:
        raise BadInputError(
            f"study '{name}': space.{clash[0]} has another type, log or choices than before, which "
            "one study can't mix: start anew with --name, or go back to the old ones"
        )
    before = {**_UNSAID, **before}
    return [
        Change(what, before[what], after[what])
        for what in _MAY_CHANGE
        if before[what] != after[what]
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    text = str(value)
    return f"{text[:12]}…" if len(text) > 20 else text
