"""The documentation against the code: what it names exists, and what exists is named."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from smart_tuner.config import load_config
from smart_tuner.exit_codes import TunerExit
from smart_tuner.health import Level
from smart_tuner.health.codes import CheckCode, Direction, FlagCode
from smart_tuner.health.reasons import Reason
from storage.assessment import Check, Flag, Recommendation
from storage.study_level import CONTROLLER_LOST, SAME_FAILURE
from trainer import events
from trainer.exit_codes import TrainerExit
from trainer.hparams import HParams

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
EVENTS: list[Any] = list(get_args(events.Event))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    assert not [link for link in local if not (page.parent / link).exists()]


def test_every_hparam_is_documented() -> None:
    text = read("docs/configuration.md")
    assert not [name for name in HParams.model_fields if f"`{name}`" not in text]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_every_event_and_field_is_documented(kind: Any) -> None:
    text = read("docs/events.md")
    assert f"`{kind.name}`" in text
    assert not [f.name for f in fields(kind) if f"`{f.name}`" not in text]


def test_the_example_lines_of_the_events_are_events() -> None:
    blocks = re.findall(r"```json\n(.*?)```", read("docs/events.md"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("{")]
    whole = [line for line in lines if "…" not in line]  # long ones are shown in part
    assert len(lines) >= len(EVENTS)
    assert len({type(events.decode(line)) for line in whole}) >= len(EVENTS) - 3


@pytest.mark.parametrize("code", [*TunerExit, *TrainerExit], ids=repr)
def test_every_exit_code_is_documented(code: TunerExit | TrainerExit) -> None:
    assert re.search(rf"\|\s*{code.value}\s*\|.*{code.name}", read("docs/exit-codes.md"))


def test_every_reason_is_documented() -> None:
    text = read("docs/metrics.md")
    assert not [reason for reason in Reason if f"`{reason}`" not in text]


def test_every_code_of_a_status_is_documented() -> None:
    text = read("docs/metrics.md").partition("## Status")[2]
    codes = [*FlagCode, *CheckCode, *Direction, *Level, CONTROLLER_LOST, SAME_FAILURE]
    assert not [code for code in codes if f"`{code}`" not in text]


@pytest.mark.parametrize("record", [Flag, Check, Recommendation])
def test_every_field_of_a_judgement_is_documented(record: type) -> None:
    text = read("docs/metrics.md").partition("`smart-tuner show TRIAL --json`")[2]
    assert not [field.name for field in fields(record) if f"`{field.name}`" not in text]


@pytest.mark.parametrize("page", ["README.md", "README.ru.md"])
def test_the_study_in_the_readme_loads(page: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", read(page), re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "study.yaml").write_text(block, encoding="utf-8")
        load_config(tmp_path / "study.yaml", {}, environ={})


def test_every_module_stands_in_the_structure() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout: the list of files is git's")
    tree = read("docs/structure.md").partition("## Every file")[2]
    modules = [Path(f) for f in listed.stdout.split() if not f.startswith("tests/")]
    assert len(modules) > 100
    missing = [m for m in modules if m.name != "__init__.py" and f" {m.name} " not in tree]
    assert not missing
