"""Files of texts."""

from pathlib import Path

import pytest

from trainer.exit_codes import BadInputError
from trainer.synthesis.texts import Text, read_texts, single_text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "texts.txt"


def test_lines_are_named_or_numbered(file: Path, tmp_path: Path) -> None:
    file.write_text(
        "\ufeffOne.\n\n  \nhello|Two|three.\n Привет | Да. \nx.wav|Four.\r\nFive.", encoding="utf-8"
    )
    out = tmp_path / "out"
    assert read_texts(file, out) == [
        Text("One.", out / "0001.wav"),
        Text("Two|three.", out / "hello.wav"),
        Text("Да.", out / "Привет.wav"),
        Text("Four.", out / "x.wav"),
        Text("Five.", out / "0007.wav"),
    ]
    assert not out.exists()


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "is empty: write one text a line"),
        (b"\n  \n", "is empty: write one text a line"),
        (b"a|One\nb|Two\na|Three", "two lines are named 'a'"),
        (b"0002|One\nTwo", "two lines are named '0002'"),
        (b"wavs/a|One", "line 1: 'wavs/a' can't be a file's name"),
        (b"One\n..|Two", r"line 2: '\.\.' can't be a file's name"),
        (b"|Two", "line 1: '' can't be a file's name"),
        (b"ok\n\xff\xfe", r"is not UTF-8 \(byte 3\): save it as UTF-8"),
    ],
)
def test_files_that_cannot_be_used(
    file: Path, tmp_path: Path, contents: bytes, message: str
) -> None:
    file.write_bytes(contents)
    with pytest.raises(BadInputError, match=message) as caught:
        read_texts(file, tmp_path / "out")
    assert str(file) in str(caught.value)


def test_files_that_are_not_there(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"texts\.txt: No such file"):
        read_texts(file, tmp_path)
    file.write_text("One.", encoding="utf-8")
    with pytest.raises(BadInputError, match="OUT is the folder of the WAVs"):
        read_texts(file, file)


def test_a_single_text_goes_to_a_wav() -> None:
    assert single_text("Hello.", Path("a.WAV")) == [Text("Hello.", Path("a.WAV"))]
    with pytest.raises(BadInputError, match=r"a\.mp3: only WAV is written"):
        single_text("Hello.", Path("a.mp3"))
