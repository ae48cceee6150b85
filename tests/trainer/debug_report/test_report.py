"""The folder of a debug report: what is in it, whatever happened; whole, or not at all."""

import json
import math
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from trainer.debug_report import BatchUtterance, Evidence, write_debug_report
from trainer.hparams import HParams

MakeEvidence = Callable[..., Evidence]
ALL_PNG = {"curves.png", "layers.png", "samples.png"}
ALL = {"report.json", "report.md", *ALL_PNG}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a report goes; its parent is made when it is written."""
    return tmp_path / "debug" / "step_0000250_gradient_explosion"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def numbers(folder: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = (folder / "report.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return read


def red_share(path: Path) -> float:
    """The share of a picture that is the colour of what is not finite."""
    picture = np.asarray(imread(path))[..., :3]
    return float((np.abs(picture - np.array([0.839, 0.153, 0.157])) < 0.02).all(axis=-1).mean())


def test_everything_is_in_it(folder: Path, evidence: MakeEvidence) -> None:
    made = evidence()
    write_debug_report(folder, made)
    assert names(folder) == ALL
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    read = numbers(folder)
    assert (read["cause"], read["step"], read["restarts"]) == ("gradient_explosion", 250, 1)
    assert (read["learning_rate"], read["learning_rate_factor"]) == (3e-3, 0.5)
    assert read["steps"] == made.steps[-200:]
    assert list(read["layer_norms"].items()) == [
        ("decoder.b", 4.0), ("decoder.a", 3.0), ("encoder.c", 0.0),
    ]  # fmt: skip
    assert read["batch"][4] == {
        "id": "utterance-4", "text": "A text, number 4.", "n_tokens": 24, "n_frames": 120,
    }  # fmt: skip
    assert HParams.model_validate(read["hparams"]) == made.hparams
    assert {"python", "torch", "numpy", "platform"} <= read["versions"].keys()


def test_others_may_read_it(folder: Path, evidence: MakeEvidence) -> None:
    write_debug_report(folder, evidence())
    usual = folder.parent / "usual"
    usual.mkdir()
    assert folder.stat().st_mode == usual.stat().st_mode


def test_what_is_not_finite_is_shown_as_such(
    folder: Path, ruined: Evidence, evidence: MakeEvidence
) -> None:
    write_debug_report(folder, ruined)
    assert names(folder) == ALL
    read = numbers(folder)
    assert read["steps"][-1]["train.loss"] == "NaN"
    assert read["steps"][-1]["train.taco"] == "-Infinity"
    assert read["steps"][-1]["gradient.norm"] == "Infinity"
    assert list(read["layer_norms"].items()) == [
        ("a", "NaN"), ("b", "Infinity"), ("d", 1e300), ("c", 2.0),
    ]  # fmt: skip
    assert (read["learning_rate"], read["learning_rate_factor"]) == ("NaN", "Infinity")
    whole = folder.parent / "whole"
    write_debug_report(whole, evidence(steps=ruined.steps[:2]))
    for picture in ("samples.png", "layers.png", "curves.png"):
        assert red_share(folder / picture) > red_share(whole / picture) + 1e-3, picture


def test_nothing_finite_at_all(folder: Path, evidence: MakeEvidence) -> None:
    step = {"step": 1.0, "train.loss": math.nan, "gradient.norm": math.nan}
    write_debug_report(folder, evidence(steps=[step], layer_norms={"a": math.nan}, samples=()))
    assert names(folder) == ALL - {"samples.png"}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"steps": ()}, {"curves.png"}),
        ({"layer_norms": None}, {"layers.png"}),
        ({"layer_norms": {}}, {"layers.png"}),
        ({"steps": (), "layer_norms": None, "batch": (), "message": ""}, ALL_PNG),
        ({"cause": "out_of_memory"}, set()),
        ({"steps": [{"step": 4.0}]}, set()),
        ({"steps": [{"step": 4.0, "train.loss": 0.0, "gradient.norm": 0.0}]}, set()),
        ({"layer_norms": {"a": 0.0}}, set()),
        ({"layer_norms": {"a": 3e38, "b": 1e-38}}, set()),
    ],
)
def test_what_is_not_known_is_left_out(
    folder: Path, evidence: MakeEvidence, changes: dict[str, Any], missing: set[str]
) -> None:
    write_debug_report(folder, evidence(samples=(), **changes))
    assert names(folder) == ALL - missing - {"samples.png"}
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert all((name in report) == (name in names(folder)) for name in ALL_PNG)


def test_any_text_will_do(folder: Path, evidence: MakeEvidence) -> None:
    text = "It costs $5, or $6^ {a_b | x\n\ny. Съешь ещё булок\u0301."
    batch = (BatchUtterance("utterance-0", text, 3, 30),)
    write_debug_report(folder, evidence(batch=batch, message=text))
    assert numbers(folder)["batch"][0]["text"] == text
    row = "| utterance-0 | 3 | 30 | It costs $5, or $6^ {a_b \\| x y. Съешь ещё булок\u0301. |"
    assert row in (folder / "report.md").read_text(encoding="utf-8").splitlines()


def test_an_older_report_of_the_step_is_replaced(folder: Path, evidence: MakeEvidence) -> None:
    write_debug_report(folder, evidence())
    write_debug_report(folder, replace(evidence(samples=()), restarts=2))
    assert names(folder) == ALL - {"samples.png"}
    assert numbers(folder)["restarts"] == 2


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond 3000 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing(
    folder: Path, evidence: MakeEvidence, request: pytest.FixtureRequest
) -> None:
    write_debug_report(folder, evidence())
    before = (folder / "report.md").read_bytes()
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="File too large"):
        write_debug_report(folder, replace(evidence(), restarts=2))
    with pytest.raises(OSError, match="File too large"):
        write_debug_report(folder.with_name("other"), evidence())
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert (folder / "report.md").read_bytes() == before


def test_a_file_in_the_way(tmp_path: Path, evidence: MakeEvidence) -> None:
    (tmp_path / "debug").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OSError, match="debug"):
        write_debug_report(tmp_path / "debug" / "step", evidence())
