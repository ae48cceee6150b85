import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from trainer.corpus import load_corpus
from trainer.exit_codes import BadInputError


def rewrite(root: Path, *changes: tuple[str, str]) -> None:
    metadata = root / "metadata.csv"
    text = metadata.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    metadata.write_text(text, encoding="utf-8")


def refusal(path: Path) -> str:
    with pytest.raises(BadInputError) as caught:
        load_corpus(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_ljspeech_folder(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(12)
    corpus = load_corpus(root)
    assert (corpus.root, corpus.language, len(corpus.utterances)) == (root, "en", 12)
    first = corpus.utterances[0]
    assert (first.id, first.text) == ("u00", "the red red dog waits.")
    assert first.audio_path == root / "wavs" / "u00.wav"


def test_last_text_that_is_not_empty_counts(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(8, {0: "in 1999|in nineteen ninety-nine", 1: "as written|"})
    texts = [utterance.text for utterance in load_corpus(root).utterances[:2]]
    assert texts == ["in nineteen ninety-nine", "as written"]


def test_byte_order_mark_carriage_returns_extensions_and_flac(
    write_corpus: Callable[..., Path],
) -> None:
    root = write_corpus(8)
    samples, rate = soundfile.read(root / "wavs" / "u03.wav")
    soundfile.write(root / "wavs" / "u03.flac", samples, rate)
    (root / "wavs" / "u03.wav").unlink()
    rewrite(root, ("u00|", "u00.wav|"), ("\n", "\r\n"))
    metadata = root / "metadata.csv"
    metadata.write_bytes(b"\xef\xbb\xbf" + metadata.read_bytes() + b"\r\n  \r\n")
    utterances = load_corpus(root).utterances
    assert [u.id for u in utterances] == [f"u{i:02d}" for i in range(8)]
    assert utterances[0].text == "the red red dog waits."
    assert utterances[3].audio_path.suffix == ".flac"


def test_russian_is_told_by_its_script(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(8, {i: f"рыжий кот номер {i}" for i in range(8)})
    assert load_corpus(root).language == "ru"


def test_the_metadata_itself_may_be_given(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(8)
    assert load_corpus(root / "metadata.csv") == load_corpus(root)


@pytest.mark.parametrize("kind", ["beside the list", "below the working directory", "absolute"])
def test_filelist(
    kind: str,
    write_corpus: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = write_corpus(8)
    prefix = {
        "beside the list": "corpus/wavs/",
        "below the working directory": "wavs/",
        "absolute": f"{root}/wavs/",
    }[kind]
    monkeypatch.chdir(root if kind == "below the working directory" else os.sep)
    filelist = tmp_path / "train.txt"
    filelist.write_text("".join(f"{prefix}u{i:02d}.wav|text {i}|7\n" for i in range(8)))
    corpus = load_corpus(filelist)
    assert [u.id for u in corpus.utterances] == [f"u{i:02d}" for i in range(8)]
    assert corpus.utterances[5].text == "text 5"
    assert all(u.audio_path.is_file() for u in corpus.utterances)


def test_filelist_with_repeated_stems_has_unique_ids(
    write_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    root = write_corpus(8)
    shutil.copytree(root / "wavs", root / "more")
    rows = [f"corpus/{d}/u{i:02d}.wav|say {d} {i}" for d in ("wavs", "more") for i in range(4)]
    filelist = tmp_path / "train.txt"
    filelist.write_text("\n".join(rows))
    ids = [u.id for u in load_corpus(filelist).utterances]
    assert ids == [f"{d}/u{i:02d}" for d in ("wavs", "more") for i in range(4)]


def test_no_such_path(tmp_path: Path) -> None:
    assert "no such file or directory; give a folder" in refusal(tmp_path / "nowhere")


def test_no_metadata(tmp_path: Path) -> None:
    assert "has no metadata.csv; write one" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_empty_metadata(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes(content)
    assert "metadata.csv: is empty; write one row" in refusal(tmp_path)


def test_metadata_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes("u0|да\nu1|кот\n".encode("cp1251"))
    assert "line 1 is not UTF-8 text; convert" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"RIFF\x24\0\0\0WAVEfmt ", "is a recording, not a list of recordings; give a filelist"),
        (b"fLaC\xff", "is a recording, not a list"),
        (b"OggS\xff", "is a recording, not a list"),
        ("u0|да\n".encode("utf-16"), "is UTF-16, .* 'iconv -f UTF-16 -t utf-8'"),
        (b"\x7fELF\0\0", "is binary, not a list of recordings; give a filelist"),
    ],
)
def test_what_is_no_text(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    assert re.search(expected, refusal(path))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("u02|", "u02 ")], "line 3 has no '|' ('u02 the happy red dog waits.'); write 'id|text'"),
        ([("u02|", "u01|")], "the id 'u01' stands in 2 rows; give each recording"),
        ([("u02|", "x02|")], "the recording of 'x02' is missing"),
        ([("u02|", "|")], "has a row without an id; name its recording"),
        ([("the happy red dog waits.", "  ")], "the text of 'u02' is empty; write what is said"),
        (
            [("the happy red dog waits.", "中文。")],
            "the text of 'u02' has no known symbol ('中文。'); write it in letters",
        ),
        ([("the happy red dog waits.", "...!")], "the text of 'u02' has no known symbol"),
    ],
)
def test_bad_rows(
    changes: list[tuple[str, str]], expected: str, write_corpus: Callable[..., Path]
) -> None:
    root = write_corpus(12)
    rewrite(root, *changes)
    assert expected in refusal(root)


def test_missing_files_are_counted_and_the_first_is_named(
    write_corpus: Callable[..., Path],
) -> None:
    root = write_corpus(12)
    for name in ("u04", "u07", "u09"):
        (root / "wavs" / f"{name}.wav").unlink()
    assert "'u04' is missing" in refusal(root)
    assert "u04.wav), and 2 more; add the file" in refusal(root)


def test_swapped_columns_are_missing_recordings(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("a long text " * 40 + "|u00\n")
    assert "the recording of 'a long text a long text" in refusal(tmp_path)


def test_a_path_that_the_system_refuses(tmp_path: Path) -> None:
    assert "can't be read (File name too long)" in refusal(tmp_path / ("a" * 300))


def test_a_text_of_digits_is_spoken(write_corpus: Callable[..., Path]) -> None:
    assert load_corpus(write_corpus(8, {3: "42"})).utterances[3].text == "42"


def test_too_few_utterances(write_corpus: Callable[..., Path]) -> None:
    assert "has 7 utterances; add recordings" in refusal(write_corpus(7))
