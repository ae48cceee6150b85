from pathlib import Path
from typing import Any

import pytest

from dashboards.report.media import Medium, picture, sound


def test_pictures_and_sound_go_inside(lab: Any) -> None:
    assert (picture(lab.png()).uri or "").startswith("data:image/png;base64,iVBORw0KGgo")
    assert (sound(lab.wav()).uri or "").startswith("data:audio/wav;base64,UklGR")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (None, "none"),
        ("/nowhere/speech.wav", "gone"),
        ("/", "unreadable"),
        ("\0", "unreadable"),
        ("x" * 5000, "unreadable"),
        ("/etc/passwd", "of_another_kind"),
    ],
)
def test_what_is_no_recording_stays_out(path: str | None, problem: str) -> None:
    assert sound(path) == Medium(None, problem)
    assert picture(path) == Medium(None, problem)


def test_one_is_not_taken_for_the_other(lab: Any) -> None:
    assert picture(lab.wav()).problem == sound(lab.png()).problem == "of_another_kind"


def test_what_is_too_large_stays_out(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(21 * 2**20)
    assert sound(str(path)) == Medium(None, "too_large")
