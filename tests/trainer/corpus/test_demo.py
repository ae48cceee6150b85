import importlib.util
import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from trainer.corpus import check_corpus, load_corpus, make_demo_corpus, split_corpus, verify_audio
from trainer.corpus.demo_sentences import DemoLanguage, demo_sentences
from trainer.corpus.espeak_client import Voice, spoken
from trainer.exit_codes import BadInputError

needs_espeak = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None, reason="espeakng_loader isn't installed"
)
LANGUAGES: tuple[DemoLanguage, ...] = ("en", "ru")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("demo")
    return {language: make_demo_corpus(root / language, language) for language in LANGUAGES}


def content(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences(language: DemoLanguage) -> None:
    sentences = demo_sentences(language, 500)
    assert len(set(sentences)) == 500
    assert {len(sentence.split()) for sentence in sentences} <= {4, 5, 6}
    assert 0.55 < sum("," in sentence for sentence in sentences) / 500 < 0.65
    assert all(re.fullmatch(r"[\w ,]+\.", sentence) for sentence in sentences)
    words = Counter(word for s in sentences for word in re.findall(r"\w+", s.lower()))
    assert 40 <= len(words) <= 60
    assert min(words.values()) >= 20
    assert demo_sentences(language, 500) == sentences


@needs_espeak
@pytest.mark.parametrize("language", LANGUAGES)
def test_corpus_is_sound(language: DemoLanguage, made: dict[str, Path]) -> None:
    corpus = load_corpus(made[language])
    verify_audio(corpus)
    assert (corpus.language, len(corpus.utterances)) == (language, 500)
    assert (len(split_corpus(corpus).training), len(split_corpus(corpus).held_out)) == (476, 24)
    report = check_corpus(made[language])
    assert [finding.code for finding in report.findings] == ["little_speech"]
    assert {row.sampling_rate for row in report.rows} == {22_050}
    durations = [row.duration_s for row in report.rows]
    assert 1.0 < min(durations) < max(durations) < 3.0
    assert 1.5 < float(np.median(durations)) < 2.5
    assert all(0.02 < r.leading_silence_s < 0.06 for r in report.rows)
    assert all(0.02 < r.trailing_silence_s < 0.06 for r in report.rows)


@needs_espeak
def test_the_same_bytes_every_time(made: dict[str, Path], tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    again = make_demo_corpus(tmp_path / "again", "en", lambda *call: calls.append(call))
    assert content(again) == content(made["en"])
    assert calls == [(i, 500) for i in range(1, 501)]
    assert [p.name for p in tmp_path.iterdir()] == ["again"]


@needs_espeak
def test_an_intact_corpus_is_reused(made: dict[str, Path]) -> None:
    before = (made["en"] / "corpus.json").stat()

    def progress(done: int, total: int) -> None:
        raise AssertionError("made anew")

    assert make_demo_corpus(made["en"], "en", progress) == made["en"]
    assert (made["en"] / "corpus.json").stat() == before


@needs_espeak
@pytest.mark.parametrize("damage", ["changed", "removed", "outdated", "unreadable manifest"])
def test_a_damaged_corpus_is_remade(damage: str, made: dict[str, Path]) -> None:
    root, wav = made["ru"], made["ru"] / "wavs" / "demo_ru_0007.wav"
    manifest = root / "corpus.json"
    sound = content(root)
    if damage == "changed":
        data = bytearray(wav.read_bytes())
        data[1000] ^= 1
        wav.write_bytes(data)
    elif damage == "removed":
        wav.unlink()
    elif damage == "outdated":
        manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 0'))
    else:
        manifest.write_text("{")
    assert content(root) != sound
    make_demo_corpus(root, "ru")
    assert content(root) == sound


@needs_espeak
def test_two_at_once(made: dict[str, Path], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: make_demo_corpus(tmp_path / "en", "en"), range(2)))
    assert content(tmp_path / "en") == content(made["en"])
    assert [p.name for p in tmp_path.iterdir()] == ["en"]


@needs_espeak
def test_files_of_others_are_never_replaced(made: dict[str, Path], tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    with pytest.raises(BadInputError, match=r"not a demo corpus.*choose another folder"):
        make_demo_corpus(tmp_path, "en")
    (tmp_path / "corpus.json").write_text("{}")
    with pytest.raises(BadInputError, match=r"it has 'notes\.txt'"):
        make_demo_corpus(tmp_path, "en")
    with pytest.raises(BadInputError, match="is a file; give a folder"):
        make_demo_corpus(notes, "en")
    with pytest.raises(BadInputError, match="holds the demo corpus of language 'en', not 'ru'"):
        make_demo_corpus(made["en"], "ru")
    assert notes.read_text() == "mine"


@needs_espeak
def test_an_empty_working_directory_is_filled(
    made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path / "demo")
    assert len(load_corpus(make_demo_corpus(Path(), "en")).utterances) == 500
    assert content(Path()) == content(made["en"])
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]


@needs_espeak
def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match=r"can't be made there \(.*\); choose a folder"):
        make_demo_corpus(tmp_path / "file" / "demo", "en")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@needs_espeak
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInputError, match=r"can't be made there \(Permission denied\)"):
        make_demo_corpus(tmp_path / "demo", "en")


def test_without_espeak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInputError, match=r"pip install 'smart-tuner\[demo\]'"):
        make_demo_corpus(tmp_path / "demo", "en")
    assert not (tmp_path / "demo").exists()


@needs_espeak
def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"SetVoiceByName\('xx-none'\) returned 2"):
        list(spoken(["Hello."], Voice("xx-none")))
