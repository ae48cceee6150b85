import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dashboards.report import html_report
from storage.errors import StudyNotFoundError
from storage.records import TrialState


class Page(HTMLParser):
    """A page's elements, its text as a reader sees it, and what its scripts are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        kind = {"script": self.scripts, "style": []}.get(self._within, self.words)
        kind.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(lab: Any, study: str) -> Page:
    return Page(html_report(lab.database, study, "smart-tuner 1.2.3"))


def test_it_says_all_that_matters(lab: Any, reported: str) -> None:
    text = page(lab, reported).text
    for words in (
        "Best quality 0.910 (trial 0)",
        "Trials 1 complete, 2 pruned, 1 failed",
        "Trained 837 steps",
        "learning_rate 0.001 to 0.1, log scale 0.006",
        "✓ quality 0.91 > 0.8",
        "the gradient exploded gradient_explosion : 1",
        "Trial 1 (probe) , step 30 gradient.norm 512, threshold 20",
        "lower learning_rate (now 0.3): smaller steps keep training from flying apart",
        "Trial 3 , step 7 exit_code -9 killed by SIGKILL",
        "crashed 1 0 30 s",
        "complete 1 600 1 min 33%",
        "Total 4 837 4 min 100%",
        "Importance takes at least 8 complete trials; there are 1.",
        "smart-tuner synthesize --name=demo 'your text' out.wav",
        "Made by smart-tuner 1.2.3 on 20",
    ):
        assert words in text


def test_pictures_and_sound_are_inside(lab: Any, reported: str) -> None:
    found = page(lab, reported)
    [audio], [image] = found.of("audio"), found.of("img")
    assert (audio["src"] or "").startswith("data:audio/wav;base64,")
    assert "controls" in audio
    assert (image["src"] or "").startswith("data:image/png;base64,")
    assert image["alt"]


@pytest.mark.parametrize("name", ["reported", "hostile"])
def test_nothing_is_loaded_from_anywhere(
    lab: Any, name: str, request: pytest.FixtureRequest
) -> None:
    found = page(lab, request.getfixturevalue(name))
    named = [
        value
        for _, attributes in found.elements
        for attribute, value in attributes.items()
        if attribute in ("src", "href", "srcset", "action", "data", "poster")
    ]
    assert named
    assert all((value or "").startswith("data:") for value in named)
    assert {tag for tag, _ in found.elements}.isdisjoint(
        {"iframe", "object", "embed", "form", "base"}
    )


@pytest.mark.parametrize("name", ["reported", "hostile"])
def test_the_policy_lets_its_own_scripts_run_and_no_other(
    lab: Any, name: str, request: pytest.FixtureRequest
) -> None:
    found = page(lab, request.getfixturevalue(name))
    [policy] = [one["content"] or "" for one in found.of("meta") if one.get("http-equiv")]
    assert policy.startswith("default-src 'none'; ")
    figures, *scripts = found.scripts
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall("'sha256-(.*?)'", policy) == hashes
    assert "unsafe-inline" not in policy.partition("script-src")[2]
    assert [one.get("type") for one in found.of("script")] == ["application/json", None, None]
    assert "quality" in json.loads(figures)


def test_plotly_is_in_it_once(lab: Any, reported: str) -> None:
    assert html_report(lab.database, reported, "x").count("plotly.js v") == 1


def test_what_others_wrote_is_shown_and_not_obeyed(lab: Any, hostile: str, evil: str) -> None:
    found = page(lab, hostile)
    assert found.of("h1") == [{}]
    assert found.text.count(evil) > 10
    assert len(found.of("script")) == 3
    assert "No recording: The file is no longer there." in found.text


def test_figures_come_with_headings_and_notes(lab: Any, reported: str) -> None:
    found = page(lab, reported)
    drawn = [one["data-figure"] for one in found.of("div") if "data-figure" in one]
    assert drawn == ["quality", "gradient-norm", "diagonality", "savings"]
    assert "Compute saved by pruning 770 steps" in found.text


@pytest.mark.parametrize("state", [None, TrialState.RUNNING, TrialState.QUEUED, TrialState.FAILED])
@pytest.mark.parametrize(
    "identity", [{}, {"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]}]
)
def test_a_study_without_a_result(
    lab: Any, state: TrialState | None, identity: dict[str, Any]
) -> None:
    lab.study("Мой голос", identity=identity, config={})
    if state is not None:
        lab.trial(0, study="Мой голос", state=state, step=None)
    text = page(lab, "Мой голос").text
    assert "Мой голос" in text
    assert "No trial is complete yet." in text


def test_several_objectives_are_heard_one_after_another(lab: Any) -> None:
    lab.study(identity={"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]})
    for number in range(8):
        values = (number / 10, 10.0 + number)
        lab.trial(number, value=values[0], values=values, sample_wav=lab.wav(f"{number}.wav"))
    found = page(lab, "demo")
    assert len(found.of("audio")) == 5
    assert "No other trial beats these in every objective." in found.text
    assert "Trial 7: 0.700 17.000" in found.text
    assert "3 more belong to them" in found.text


def test_files_that_are_gone_are_said_to_be(lab: Any, reported: str) -> None:
    for name in ("speech.wav", "alignment.png"):
        Path(lab.folder, name).unlink()
    found = page(lab, reported)
    assert found.of("audio") == found.of("img") == []
    assert "No recording: The file is no longer there." in found.text
    assert "No picture: The file is no longer there." in found.text


def test_of_thousands_of_trials_it_shows_some_and_says_so(lab: Any) -> None:
    lab.study()
    with lab.database.transaction():
        for number in range(1200):
            pruned = {"state": TrialState.PRUNED, "reason": "statistical", "step": 100}
            lab.trial(number, value=number / 1200, **(pruned if number % 2 else {}))
    found = page(lab, "demo")
    assert "500 more ended so" in found.text
    rows = [one for one in found.of("tr") if one.get("class") in ("complete", "pruned")]
    assert 400 <= len(rows) <= 500
    assert f"{len(rows)} of 1,200 trials: the best and the newest." in found.text


def test_no_such_study(lab: Any) -> None:
    with pytest.raises(StudyNotFoundError):
        html_report(lab.database, "other", "x")
