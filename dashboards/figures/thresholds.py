"""The thresholds of a study's health rules, as its configuration has them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dashboards.figures import texts
from dashboards.figures.style import ACTIVE, BEST, COMPLETE, FAILED
from dashboards.formatting import quantity


class Threshold(NamedTuple):
    """A line across a figure."""

    value: float
    words: str
    color: str


def gradient_thresholds(config: Mapping[str, Any]) -> list[Threshold]:
    """Above which a trial is pruned, critical, or needs attention; as far as they are known."""
    rule = _section(config, "gradient_explosion")
    status = _section(config, "status")
    pruned = rule.get("norm") if rule.get("enabled", True) else None
    return list(
        _known(
            (pruned, texts.PRUNED_ABOVE, FAILED),
            (status.get("gradient_norm_critical"), texts.CRITICAL_ABOVE, BEST),
            (status.get("gradient_norm_warning"), texts.WARNING_ABOVE, ACTIVE),
        )
    )


def diagonality_thresholds(config: Mapping[str, Any]) -> list[Threshold]:
    """Above which an alignment is good, under which it is critical, or counts as none."""
    rule = _section(config, "never_aligned")
    pruned = rule.get("diagonal_score") if rule.get("enabled", True) else None
    return list(
        _known(
            (_section(config, "success").get("diagonal_score"), texts.GOOD_ABOVE, COMPLETE),
            (pruned, texts.NEVER_ALIGNED_BELOW, FAILED),
            (_section(config, "status").get("diagonal_score_critical"), texts.CRITICAL_BELOW, BEST),
        )
    )


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = config.get("health", {}).get(name)
    return section if isinstance(section, Mapping) else {}


def _known(*found: tuple[float | None, str, str]) -> Iterator[Threshold]:
    for value, words, color in found:
        if value is not None:
            yield Threshold(value, words.format(value=quantity(value)), color)
