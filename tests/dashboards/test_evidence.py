import pytest

from dashboards.evidence import Evidence, evidence_of


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({}, Evidence("", "", "")),
        ({"gradient.norm": 512.0, "threshold": 100.0},
         Evidence("gradient.norm 512, threshold 100", "", "")),
        ({"cause": "copies_last_frame"},
         Evidence("", "most likely the decoder repeats the frame it was fed", "")),
        ({"cause": "unheard_of", "exit_code": 1, "message": "it\n  broke"},
         Evidence("exit_code 1", "unheard_of", "it broke")),
    ],
)  # fmt: skip
def test_evidence_falls_into_parts(stored: dict[str, object], expected: Evidence) -> None:
    assert evidence_of(stored) == expected
