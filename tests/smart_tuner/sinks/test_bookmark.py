from pathlib import Path

import pytest

from smart_tuner.sinks.bookmark import Bookmark


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.json"
    mark = Bookmark("here", "r1", "header", 7, {"gradient": 2}, {"gradient": "step=3"}, "paused")
    mark.write(path)
    assert Bookmark.read(path, "here") == mark


@pytest.mark.parametrize("text", ["", "{", '{"stor": 1}', '["here"]'])
def test_one_that_is_broken_begins_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.json"
    path.write_text(text)
    assert Bookmark.read(path, "here") == Bookmark("here")


def test_another_store_gets_everything(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.json"
    assert Bookmark.read(path, "here") == Bookmark("here")
    Bookmark("here", "r1", "header", 7).write(path)
    assert Bookmark.read(path, "there") == Bookmark("there")
