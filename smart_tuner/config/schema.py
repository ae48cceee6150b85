"""Where in the configuration's schema an error lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from smart_tuner.config.study_config import StudyConfig

Location = tuple[str, ...]
"""Keys from the top of ``study.yaml`` down."""

_TAG_FIELDS = ("kind", "type")


@dataclass(frozen=True)
class Place:
    """A key's place: its path, the model that holds it, the kinds it may have if it is a union."""

    keys: Location
    section: type[BaseModel]
    tags: tuple[str, ...]


def place_of(location: tuple[int | str, ...]) -> Place:
    """The place that pydantic's ``location`` means, told without tags of unions and list items."""
    keys: list[str] = []
    section: type[BaseModel] = StudyConfig
    node: Any = StudyConfig
    for part in location:
        members = _members(node)
        if isinstance(part, int):
            node = None
        elif members:
            node = members[part]
        else:
            keys.append(part)
            node = _child(node, part)
        section = node if _is_model(node) else section
    return Place(tuple(keys), section, tuple(_members(node)))


def _child(node: Any, key: str) -> Any:
    if _is_model(node):
        field = node.model_fields.get(key)
        return field.annotation if field else None
    return get_args(node)[-1] if get_origin(node) is dict else None


def _members(node: Any) -> Mapping[str, type[BaseModel]]:
    """The models of a union, by the tag that selects each; none where ``node`` is no union."""
    union = get_args(node)[0] if get_origin(node) is Annotated else node
    models = [member for member in get_args(union) if _is_model(member)]
    return {tag: model for model in models for tag in _tags(model)}


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    fields = [model.model_fields[name] for name in _TAG_FIELDS if name in model.model_fields]
    return get_args(fields[0].annotation) if fields else ()


def _is_model(node: Any) -> bool:
    return isinstance(node, type) and issubclass(node, BaseModel)
