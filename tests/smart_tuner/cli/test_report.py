"""``smart-tuner report``."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit
from storage.database import Database
from storage.records import StudyRecord
from storage.studies import Studies


@pytest.mark.usefixtures("study")
def test_without_a_word_it_writes_a_page(cli: Any) -> None:
    said = cli("report")
    assert (said.code, said.err) == (TunerExit.FINISHED, "")
    assert said.out.startswith("Wrote report-demo.html (")
    page = Path("report-demo.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Best" in page
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_other_forms_go_to_standard_output(cli: Any, form: str) -> None:
    said = cli("report", "demo", "--format", form)
    assert (said.code, said.err) == (TunerExit.FINISHED, "")
    if form == "json":
        report = json.loads(said.out)
        assert (report["study"], report["best"]["number"]) == ("demo", 2)
        assert report["made_by"].startswith("smart-tuner ")
    elif form == "csv":
        numbers = [row["number"] for row in csv.DictReader(said.out.splitlines())]
        assert numbers == ["0", "1", "2", "3"]
    else:
        assert said.out.startswith("# Study `demo`\n")


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("arguments", "beginning"),
    [
        (["--output=out.json"], "{"),
        (["--output=OUT.MD"], "# Study"),
        (["--output=out.txt"], "<!doctype html>"),
        (["--output=out.html", "--format=csv"], "number,"),
    ],
)
def test_a_file_says_its_form(cli: Any, arguments: list[str], beginning: str) -> None:
    said = cli("report", *arguments)
    name = arguments[0].partition("=")[2]
    assert said.out.startswith(f"Wrote {name} (")
    assert Path(name).read_text(encoding="utf-8").startswith(beginning)


@pytest.mark.usefixtures("study")
def test_a_page_can_go_to_standard_output(cli: Any) -> None:
    said = cli("report", "--format=html", "--output=-")
    assert said.out.startswith("<!doctype html>")
    assert not Path("-").exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../мой голос", "report-.._.._мой голос.html"),
        ("ж" * 300, f"report-{'ж' * 100}.html"),
    ],
)
def test_a_name_makes_a_file_in_this_folder(
    cli: Any, database: Database, name: str, file: str
) -> None:
    Studies(database).create(StudyRecord(name=name, identity={"direction": "maximize"}))
    assert cli("report", name).code == TunerExit.FINISHED
    assert Path(file).exists()


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["other"], "no study called 'other'; there are: 'demo'"),
        (["demo", "--name=other"], "two studies are named, demo and --name=other: name one"),
        (["--format=pdf"], "'pdf' is not one of 'html', 'md', 'json', 'csv'"),
        (["--output=."], "--output: . is a folder: name a file in it"),
        (["--output=no/where.html"], "--output: there is no folder no: make it first"),
    ],
)
def test_what_it_refuses(cli: Any, arguments: list[str], words: str) -> None:
    said = cli("report", *arguments)
    assert (said.code, said.out) == (TunerExit.BAD_INPUT, "")
    assert words in said.err
    assert len(said.err.splitlines()) == 1
    assert not Path("no").exists()


def test_no_database(cli: Any) -> None:
    said = cli("report")
    assert said.code == TunerExit.BAD_INPUT
    assert "no study has been started here yet" in said.err


def test_what_a_controller_has_kept_becomes_figures_and_reasons(cli: Any, workshop: Any) -> None:
    space = {"learning_rate": {"type": "float", "low": 1e-3, "high": 2e-2, "log": True}}
    probes = [{"learning_rate": 0.3}]
    workshop.run(study={"trials": 9}, space=space, probes=probes, pruner={"kind": "none"})
    report = json.loads(cli("report", "--format=json").out)
    assert report["importance"]["quality"] == {"learning_rate": pytest.approx(1.0)}
    [early] = report["ended_early"]
    assert (early["reason"], early["trials"]) == ("gradient_explosion", [1])
    assert 0 < early["steps_saved"] < 6
    assert report["cost"]["steps"] == 9 * 6 + 6 - early["steps_saved"]
    assert cli("report").code == TunerExit.FINISHED
    page = Path("report-speech.html").read_text(encoding="utf-8")
    figures = json.loads(
        page.partition('<script type="application/json" id="figures">')[2].partition("</script>")[0]
    )
    drawn = {name: figure["layout"]["meta"]["empty"] for name, figure in figures.items()}
    assert drawn == dict.fromkeys(drawn, False)
    lines = [one for one in figures["gradient-norm"]["data"] if one.get("legendgroup")]
    assert len(lines) == 10
    assert max(y for line in lines for y in line["y"]) > 20
