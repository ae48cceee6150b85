from pathlib import Path
from typing import Any

import pytest

from smart_tuner.control.incidents import INCIDENTS, Incident, line, payload
from trainer.events import DebugReport, Gradient, LearningRateAdapted, Rescued, Warned

RUN = Path("runs/demo/3")
TABLE: list[tuple[Incident, str | None, dict[str, Any]]] = [
    (
        Gradient(210, "critical", 123.45, 100.0),
        "gradient norm 123.5, above 100",
        {"level": "critical", "norm": 123.45, "threshold": 100.0},
    ),
    (
        Gradient(210, "warning", 12.0, 10.0),
        None,
        {"level": "warning", "norm": 12.0, "threshold": 10.0},
    ),
    (
        LearningRateAdapted(900, 0.25, "plateau"),
        "learning rate x 0.25 (plateau)",
        {"factor": 0.25, "cause": "plateau"},
    ),
    # the rescue itself has said it
    (LearningRateAdapted(100, 0.5, "rescue"), None, {"factor": 0.5, "cause": "rescue"}),
    (
        Rescued(130, 100, "non_finite", 2, 0.25),
        "non_finite: back to step 100, learning rate x 0.25 (restart 2 in a row)",
        {"to_step": 100, "cause": "non_finite", "restarts": 2, "factor": 0.25},
    ),
    (
        DebugReport(130, "non_finite", "debug/step_0000130"),
        "non_finite: see runs/demo/3/debug/step_0000130",
        {"cause": "non_finite", "path": str((RUN / "debug/step_0000130").resolve())},
    ),
    (Warned(50, "the disk is full"), "warning: the disk is full", {"message": "the disk is full"}),
    # of the corpus, which the study has looked at itself
    (Warned(0, "symbols=en does not know"), None, {"message": "symbols=en does not know"}),
]


@pytest.mark.parametrize(("incident", "said", "kept"), TABLE)
def test_what_is_said_and_kept(incident: Incident, said: str | None, kept: dict[str, Any]) -> None:
    assert line(incident, RUN) == said
    assert payload(incident, RUN) == kept


def test_every_kind_is_in_the_table() -> None:
    assert {type(incident) for incident, _, _ in TABLE} == set(INCIDENTS)
