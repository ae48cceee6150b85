from pathlib import Path

import pytest

from smart_tuner.sinks.event_tail import generation_of, read_events, size_of
from trainer.events import EventFormatError, EventWriter, Step, Warned


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_none_yet(path: Path) -> None:
    assert (size_of(path), generation_of(path), read_events(path, 0)) == (0, "", ((), 0))


def test_from_any_place_on_whole_lines_alone(path: Path) -> None:
    with EventWriter(path) as writer:
        writer.write(Step(1, {"train.loss": 2.0}))
        first = read_events(path, 0)
        writer.write(Warned(1, "a\u2028b"))
    with path.open("ab") as file:
        file.write(b'{"event": "st')
    second = read_events(path, first.offset)
    assert [event.name for event in first.events] == ["header", "step"]
    assert [getattr(event, "message", "") for event in second.events] == ["a\u2028b"]
    assert read_events(path, second.offset) == ([], second.offset)
    assert size_of(path) == second.offset + 13


def test_many_events_come_in_parts_and_none_twice(path: Path) -> None:
    with EventWriter(path) as writer:
        for step in range(1, 2001):
            writer.write(Step(step, {f"train.metric_{i}": 1.0 for i in range(10)}))
    offset, steps, parts = 0, [], 0
    while (read := read_events(path, offset)).events:
        offset, parts = read.offset, parts + 1
        steps += [event.step for event in read.events if isinstance(event, Step)]
    assert steps == list(range(1, 2001))
    assert parts > 1


def test_a_line_longer_than_a_part(path: Path) -> None:
    with EventWriter(path) as writer:
        writer.write(Warned(1, "x" * 600_000))
    header, warned = read_events(path, 0).events[0], read_events(path, 0).events[-1]
    assert header.name == "header"
    long = warned if isinstance(warned, Warned) else read_events(path, read_events(path, 0).offset)
    assert long != header


def test_a_file_that_was_begun_anew_is_another_generation(path: Path) -> None:
    path.write_text('{"event": "header", "version": 2, "time": 1.0}\n')
    first = generation_of(path)
    path.write_text('{"event": "header", "version": 2, "time": 2.0}\n{"event": "x"}\n')
    assert first != generation_of(path) != ""


def test_what_no_version_explains_is_an_error(path: Path) -> None:
    path.write_text('{"event": "of tomorrow"}\n')
    with pytest.raises(EventFormatError, match="no known event"):
        read_events(path, 0)
