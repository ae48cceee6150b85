import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

PNG = b"\x89PNG"


@pytest.fixture
def corpus() -> Path:
    """Twelve short noises in LJSpeech layout: fit to train, with warnings (too little of it)."""
    root = Path("speech")
    (root / "wavs").mkdir(parents=True)
    noise = np.random.default_rng(0)
    rows = []
    for number in range(12):
        samples = noise.uniform(-0.5, 0.5, 22_050)
        soundfile.write(root / "wavs" / f"u{number:02d}.wav", samples, 22_050)
        rows.append(f"u{number:02d}|The {number + 1} is a number.\n")
    (root / "metadata.csv").write_text("".join(rows), encoding="utf-8")
    return root


class TestCheck:
    def test_a_sound_corpus(self, cli: Callable[..., Any], corpus: Path) -> None:
        said = cli("corpus", "check", corpus)
        assert (said.code, said.err) == (0, "")
        assert "Corpus speech" in said.out
        assert "12 / 12" in said.out
        assert said.out.endswith("Picture: corpus_check.png\n")
        assert Path("corpus_check.png").read_bytes().startswith(PNG)

    def test_json(self, cli: Callable[..., Any], corpus: Path) -> None:
        said = cli("corpus", "check", corpus, "--json", "--picture", "new/a.png")
        assert said.code == 0
        report = json.loads(said.out)
        assert (report["path"], report["language"]) == ("speech", "en")
        assert (report["n_listed"], len(report["rows"])) == (12, 12)
        assert report["rows"][0]["duration_s"] == 1.0
        assert report["hours"] == pytest.approx(12 / 3600)
        assert report["picture"] == "new/a.png"
        assert {finding["severity"] for finding in report["findings"]} <= {"warning"}
        assert Path("new/a.png").read_bytes().startswith(PNG)

    def test_errors_make_the_exit_code(self, cli: Callable[..., Any], corpus: Path) -> None:
        (corpus / "wavs" / "u03.wav").write_bytes(b"")
        said = cli("corpus", "check", corpus, "--json")
        assert said.code == 2
        errors = [f for f in json.loads(said.out)["findings"] if f["severity"] == "error"]
        assert errors[0]["ids"] == ["u03"]
        assert "fix:" in cli("corpus", "check", corpus).out

    def test_a_silent_recording_is_still_json(self, cli: Callable[..., Any], corpus: Path) -> None:
        soundfile.write(corpus / "wavs" / "u03.wav", np.zeros(22_050), 22_050)
        rows = json.loads(cli("corpus", "check", corpus, "--json").out)["rows"]
        assert [row["id"] for row in rows if row["peak_db"] is None or row["peak_db"] < -90] == [
            "u03"
        ]

    def test_a_picture_that_cannot_be_written(self, cli: Callable[..., Any], corpus: Path) -> None:
        Path("file").touch()
        said = cli("corpus", "check", corpus, "--picture", "file/a.png")
        assert said.code == 2
        assert said.err.startswith("error: file/a.png: the picture can't be written (")
        assert "name another place with --picture" in said.err


class TestDemo:
    def test_makes_one_and_leaves_it(self, cli: Callable[..., Any]) -> None:
        pytest.importorskip("espeakng_loader", reason="the demo corpus needs espeakng-loader")
        said = cli("corpus", "demo", "demo ru", "--language", "ru")
        assert (said.code, said.err) == (0, "")
        assert "smart-tuner start study --corpus 'demo ru' --preset demo" in said.out
        metadata = Path("demo ru", "metadata.csv")
        made = metadata.stat().st_mtime_ns
        assert len(metadata.read_text(encoding="utf-8").splitlines()) == 500
        assert cli("corpus", "demo", "demo ru", "--language", "ru").code == 0
        assert metadata.stat().st_mtime_ns == made

    def test_not_among_other_files(self, cli: Callable[..., Any], corpus: Path) -> None:
        said = cli("corpus", "demo", corpus)
        assert said.code == 2
        assert "is not empty and not a demo corpus" in said.err
