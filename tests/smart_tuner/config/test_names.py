from pathlib import Path

import pytest

from smart_tuner.config.names import check_study_name, name_after


@pytest.mark.parametrize("name", ["demo", "my voice", "голос-2", "a.b_c", "v=1+x@y"])
def test_names_that_folders_can_bear(name: str) -> None:
    assert check_study_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../x", "-x", "x ", "a\nb", "a" * 81, "a\\b"]
)
def test_names_that_they_cannot(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        check_study_name(name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/ljspeech", "ljspeech"),
        ("data/ljspeech/", "ljspeech"),
        ("data/.hidden", "hidden"),
        ("data/мой голос", "мой голос"),
        ("data/what?!", "what"),
        ("data/a:b", "a-b"),
        ("/", "study"),
        ("data/" + "x" * 200, "x" * 80),
    ],
)
def test_a_corpus_gives_a_name(path: str, name: str) -> None:
    assert name_after(Path(path)) == name
    assert check_study_name(name) == name


def test_a_list_gives_its_name_without_the_suffix(tmp_path: Path) -> None:
    (tmp_path / "train.list.txt").touch()
    assert name_after(tmp_path / "train.list.txt") == "train.list"
