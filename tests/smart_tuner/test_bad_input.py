"""Bad input gets one line and exit code 2, and the study's database stays intact."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import soundfile

from smart_tuner.cli import main
from smart_tuner.exit_codes import TunerExit
from storage.database import open_database
from storage.records import StudyState
from storage.status import read
from storage.studies import Studies
from storage.trials import Trials

Workshop = Any
Start = Callable[..., str]


@pytest.fixture
def begun(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A working directory with a finished study of one trial."""
    monkeypatch.chdir(workshop.folder)
    for name in [name for name in os.environ if name.startswith("SMART_TUNER_")]:
        monkeypatch.delenv(name)
    workshop.run(study={"trials": 1})
    return workshop


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Start:
    """The one line with which ``smart-tuner start study`` refuses its arguments."""

    def start(*arguments: str) -> str:
        capfd.readouterr()
        code = main(["start", "study", "--preset", "demo", *arguments])
        lines = capfd.readouterr().err.splitlines()
        assert code == TunerExit.BAD_INPUT
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        return lines[0]

    return start


def check_intact(workshop: Workshop) -> None:
    """The database is sound and says what it said, and the study goes on."""
    file = workshop.folder / "smart_tuner.db"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    with open_database(f"sqlite:///{file}") as database:
        assert [study.name for study in Studies(database).list_all()] == ["speech"]
        assert read(database, "speech").state is StudyState.FINISHED
        assert len(Trials(database).list_of("speech")) == 1


def metadata(corpus: Path, rows: list[str]) -> None:
    (corpus / "metadata.csv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def rows(corpus: Path) -> list[str]:
    return (corpus / "metadata.csv").read_text(encoding="utf-8").splitlines()


def empty_metadata(corpus: Path) -> None:
    metadata(corpus, [])


def missing_recording(corpus: Path) -> None:
    (corpus / "wavs" / "demo_en_0007.wav").unlink()


def truncated_wav(corpus: Path) -> None:
    path = corpus / "wavs" / "demo_en_0007.wav"
    path.write_bytes(path.read_bytes()[:-2000])


def zero_length_wav(corpus: Path) -> None:
    soundfile.write(corpus / "wavs" / "demo_en_0007.wav", [], 22_050)


def empty_file(corpus: Path) -> None:
    (corpus / "wavs" / "demo_en_0007.wav").write_bytes(b"")


def no_known_symbol(corpus: Path) -> None:
    metadata(corpus, [*rows(corpus)[1:], "demo_en_0001|你好"])


BROKEN: list[tuple[Callable[[Path], None], list[str]]] = [
    (empty_metadata, ["metadata.csv"]),
    (missing_recording, ["demo_en_0007.wav"]),
    (truncated_wav, ["demo_en_0007.wav", "truncated"]),
    (zero_length_wav, ["demo_en_0007.wav"]),
    (empty_file, ["demo_en_0007.wav"]),
    (no_known_symbol, ["demo_en_0001"]),
]


@pytest.mark.parametrize(("damage", "named"), BROKEN, ids=[damage.__name__ for damage, _ in BROKEN])
def test_a_broken_corpus(
    damage: Callable[[Path], None], named: list[str], begun: Workshop, refused: Start
) -> None:
    damage(begun.folder / "speech")
    line = refused("--corpus", "speech", "--trials", "3")
    for word in named:
        assert word in line
    check_intact(begun)


def test_a_missing_corpus(begun: Workshop, refused: Start) -> None:
    assert "nowhere" in refused("--corpus", "nowhere", "--trials", "3")
    check_intact(begun)


def test_run_directories_that_cannot_be_made(begun: Workshop, refused: Start) -> None:
    shutil.rmtree(begun.folder / "runs")
    (begun.folder / "runs").write_text("a file")
    line = refused("--corpus", "speech", "--trials", "3")
    assert str(begun.folder / "runs" / "speech") in line
    assert "can't be written" in line
    check_intact(begun)


def test_a_database_in_no_directory(begun: Workshop, refused: Start) -> None:
    line = refused("--corpus", "speech", "--storage", "sqlite:///nowhere/study.db")
    assert "nowhere" in line
    assert not (begun.folder / "nowhere").exists()
    check_intact(begun)


CONFIGURATIONS = {
    "trainer: {hparams: {lerning_rate: 1}}": "did you mean 'learning_rate'?",
    "trainer: {hparams: {batch_size: 0}}": "batch_size=0",
    "trainer: {stepz: 10}": "did you mean 'steps'?",
    "space: {learning_rate: {type: float, low: 0.1, high: 0.01}}": "space.learning_rate",
}


@pytest.mark.parametrize(("text", "named"), CONFIGURATIONS.items())
def test_a_wrong_configuration(text: str, named: str, begun: Workshop, refused: Start) -> None:
    Path("study.yaml").write_text(text, encoding="utf-8")
    line = refused("--config", "study.yaml", "--corpus", "speech")
    assert named in line
    assert "study.yaml" in line
    check_intact(begun)


@pytest.mark.parametrize(
    ("path", "reason"), [("nowhere.pt", "No such file"), ("speech", "Is a directory")]
)
def test_a_checkpoint_that_cannot_be_read(
    path: str, reason: str, begun: Workshop, refused: Start
) -> None:
    """Without a corpus too: none is made for a study that can't begin."""
    Path("study.yaml").write_text(f"trainer: {{warm_start: {path}}}", encoding="utf-8")
    for corpus in ([], ["--corpus", "speech"]):
        line = refused("--config", "study.yaml", *corpus)
        assert f"trainer.warm_start={path}: {reason}" in line
    assert not Path("corpora").exists()
    check_intact(begun)


def test_another_preset(begun: Workshop, refused: Start) -> None:
    line = refused("--corpus", "speech", "--preset", "tacotron2")
    assert "study 'speech' has another preset (demo, now tacotron2)" in line
    check_intact(begun)


@pytest.mark.slow
def test_a_recording_that_only_the_trainer_finds_broken(
    real_workshop: Workshop, refused: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FLAC whose header is sound: nobody decodes a whole corpus before a study begins."""
    monkeypatch.chdir(real_workshop.folder)
    wav = real_workshop.folder / "speech" / "wavs" / "demo_en_0007.wav"
    samples, rate = soundfile.read(wav)
    flac = wav.with_suffix(".flac")
    soundfile.write(flac, samples, rate)
    wav.unlink()
    sound = flac.read_bytes()
    middle = len(sound) // 2
    flac.write_bytes(sound[:middle] + bytes(400) + sound[middle + 400 :])
    line = refused("--corpus", "speech", "--trials", "1")
    assert "demo_en_0007.flac" in line
    assert real_workshop.trials() == []
    with real_workshop.database() as database:
        assert read(database, "speech").state is StudyState.STOPPED
    # Mended, the study is still the same one.
    flac.write_bytes(sound)
    assert real_workshop.run(study={"trials": 1}).code is TunerExit.FINISHED
