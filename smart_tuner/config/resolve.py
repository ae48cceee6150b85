"""What a person left out: defaults that depend on the corpus and the preset."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from smart_tuner.config.names import name_after

_DEMO_NAME = "demo"


def with_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` (sections, perhaps partial) completed; what is wrong in it stays for validation.

    A given ``space`` or list of probes replaces the default one whole. A fixed hparam leaves the
    default space. A sampler or pruner of another kind takes nothing from the default one.
    """
    values = {name: _plain(value) for name, value in given.items() if value is not None}
    defaults = _defaults(values)
    for name in ("study", "trainer"):
        values[name] = _merged(defaults[name], values.get(name))
    for name in ("sampler", "pruner"):
        values[name] = _strategy(defaults[name], values.get(name))
    values.setdefault("space", _free_space(defaults["space"], values["trainer"]))
    values.setdefault("probes", defaults.get("probes", []))
    if "health" in defaults:
        values["health"] = _merged(defaults["health"], values.get("health"))
    return values


def _defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    corpus = values.get("corpus")
    preset = _preset(values)
    defaults = _resource(preset)
    if preset == "demo":
        extra = _resource("embedded" if corpus is None else "own_corpus")
        defaults |= {name: _merged(defaults.get(name), value) for name, value in extra.items()}
    name = name_after(Path(corpus)) if isinstance(corpus, str | Path) else _DEMO_NAME
    defaults["study"] = {**defaults["study"], "name": name}
    defaults["trainer"] = _shorter(defaults["trainer"], values.get("trainer"))
    if _has_several_objectives(values.get("study")):
        defaults["pruner"] = {"kind": "none"}
    return defaults


def _preset(values: Mapping[str, Any]) -> str:
    trainer = values.get("trainer")
    chosen = trainer.get("preset") if isinstance(trainer, Mapping) else None
    if chosen in ("demo", "tacotron2"):
        return str(chosen)
    return "demo" if values.get("corpus") is None else "tacotron2"


def _shorter(defaults: dict[str, Any], given: Any) -> dict[str, Any]:
    """Where the run is made shorter than a default evaluation interval, so is that."""
    steps = given.get("steps") if isinstance(given, Mapping) else None
    if not str(steps).isdecimal() or int(str(steps)) < 1:
        return defaults
    return {**defaults, "evaluate_every": min(defaults["evaluate_every"], int(str(steps)))}


def _has_several_objectives(study: Any) -> bool:
    objective = study.get("objective") if isinstance(study, Mapping) else None
    if isinstance(objective, str):
        return "," in objective
    return isinstance(objective, list | tuple) and len(objective) > 1


def _strategy(default: dict[str, Any], given: Any) -> Any:
    if isinstance(given, Mapping) and given.get("kind", default["kind"]) != default["kind"]:
        return given
    return _merged(default, given)


def _free_space(space: dict[str, Any], trainer: Any) -> dict[str, Any]:
    fixed = trainer.get("hparams") if isinstance(trainer, Mapping) else None
    names = set(fixed) if isinstance(fixed, Mapping) else set()
    return {name: parameter for name, parameter in space.items() if name not in names}


def _merged(default: Any, given: Any) -> Any:
    if given is None:
        return default
    if not isinstance(default, Mapping) or not isinstance(given, Mapping):
        return given
    said = {name: value for name, value in given.items() if value is not None}
    return {**default, **{name: _merged(default.get(name), value) for name, value in said.items()}}


def _plain(value: Any) -> Any:
    """A section that was built in Python counts as the keys that were set."""
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value


def _resource(name: str) -> dict[str, Any]:
    return dict(_parsed(name))


@cache
def _parsed(name: str) -> Mapping[str, Any]:
    text = files("smart_tuner.config.defaults").joinpath(f"{name}.yaml").read_text("utf-8")
    parsed: Mapping[str, Any] = yaml.safe_load(text)
    return parsed
