"""Events: the writer and the reader understand each other, whatever is in between."""

import json
import math
import time
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import events
from trainer.events import EventFormatError, EventReader, EventWriter, decode, encode

numbers = st.floats(allow_nan=True, allow_infinity=True)
texts = st.text(max_size=30)
metrics = st.dictionaries(texts, numbers, max_size=4)
hparams = st.dictionaries(
    texts, st.one_of(st.integers(), st.booleans(), st.lists(st.integers(), max_size=2)), max_size=3
)
counts = st.integers(0, 10**9)
VALUES = {int: counts, float: numbers, str: texts, bool: st.booleans()}
MAPPINGS = {"metrics": metrics, "hparams": hparams, "versions": st.just({"python": "3.11"})}
KINDS = (
    events.Preparing, events.Started, events.Step, events.Evaluation, events.Checkpoint,
    events.Gradient, events.LearningRateAdapted, events.Rescued, events.DebugReport,
    events.Diverged, events.Estimate, events.Warned, events.Ended,
)  # fmt: skip


def key(field: Field[Any]) -> Any:
    return field.name if field.name in MAPPINGS else field.type


def built(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{f.name: {**VALUES, **MAPPINGS}[key(f)] for f in fields(kind)})


any_event = st.one_of([built(kind) for kind in KINDS])


def same(a: object, b: object) -> bool:
    return repr(a) == repr(b)  # NaN equals itself here


@given(any_event)
def test_one_line_says_it_all(event: events.Event) -> None:
    line = encode(event)
    assert "\n" not in line
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert same(decode(line), event)


@given(st.lists(any_event, max_size=8), st.integers(1, 7))
def test_the_reader_gets_what_the_writer_wrote(
    tmp_path_factory: pytest.TempPathFactory, written: list[events.Event], chunk: int
) -> None:
    """In whatever portions the bytes arrive."""
    folder = tmp_path_factory.mktemp("events")
    with EventWriter(folder / "a.jsonl") as writer:
        for event in written:
            writer.write(event)
    data = (folder / "a.jsonl").read_bytes()
    reader, got = EventReader(folder / "b.jsonl"), []
    with (folder / "b.jsonl").open("ab", buffering=0) as file:
        for start in range(0, len(data), len(data) // chunk + 1):
            file.write(data[start : start + len(data) // chunk + 1])
            got += reader.poll()
    assert same(got[0], events.Header(events.VERSION, got[0].time))
    assert same([replace(e, time=0.0) for e in got[1:]], [replace(e, time=0.0) for e in written])
    assert reader.poll() == []


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "events.jsonl"
    begun = time.time()
    with EventWriter(path) as writer:
        assert len(EventReader(path).poll()) == 1
        writer.write(events.Step(1, {"train.loss": math.nan, "gradient.norm": math.inf}))
        first, second = path.read_text(encoding="utf-8").splitlines()  # flushed at once
    assert json.loads(first)["event"] == "header"
    assert json.loads(first)["version"] == events.VERSION == 2
    raw = json.loads(second)
    assert (raw["event"], raw["step"]) == ("step", 1)
    assert raw["metrics"] == {"train.loss": "NaN", "gradient.norm": "Infinity"}
    assert begun - 1 < raw["time"] < time.time() + 1
    (step,) = EventReader(path).poll()[1:]
    assert isinstance(step, events.Step)
    assert math.isnan(step.metrics["train.loss"])


def test_text_that_looks_like_a_number_or_a_new_line_stays_text(tmp_path: Path) -> None:
    messages = ["NaN", "Infinity", "a\u2028b", "c\u0085d\x1ce", "Ёж\r\nи"]
    with EventWriter(tmp_path / "a") as writer:
        for message in messages:
            writer.write(events.Ended("finished", message))
    read = EventReader(tmp_path / "a").poll()[1:]
    assert [e.message for e in read if isinstance(e, events.Ended)] == messages


def test_no_file_yet(tmp_path: Path) -> None:
    reader = EventReader(tmp_path / "a")
    assert reader.poll() == []
    EventWriter(tmp_path / "a").__exit__(None, None, None)
    assert len(reader.poll()) == 1


def test_half_a_line_waits(tmp_path: Path) -> None:
    path, reader = tmp_path / "a", EventReader(tmp_path / "a")
    line = encode(events.Checkpoint(3, "контрольная/точка.pt")).encode()
    header = encode(events.Header(1)).encode() + b"\n"
    path.write_bytes(header + line[:40])  # in the middle of a letter, too
    assert len(reader.poll()) == 1
    path.write_bytes(header + line)
    assert reader.poll() == []
    path.write_bytes(header + line + b"\n")
    assert reader.poll() == [events.Checkpoint(3, "контрольная/точка.pt")]


def test_a_writer_goes_on_after_a_killed_one(tmp_path: Path) -> None:
    path, reader = tmp_path / "a", EventReader(tmp_path / "a")
    with EventWriter(path) as writer:
        writer.write(events.Checkpoint(1, "a"))
    with path.open("ab") as file:
        file.write(b'{"event": "step", "st')
    assert len(reader.poll()) == 2
    with EventWriter(path) as writer:
        writer.write(events.Checkpoint(2, "b"))
    (after,) = reader.poll()
    assert isinstance(after, events.Checkpoint)
    assert after.step == 2
    assert [e.name for e in EventReader(path).poll()] == ["header", "checkpoint", "checkpoint"]


def test_a_header_that_was_cut_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"event": "hea')
    EventWriter(tmp_path / "a").__exit__(None, None, None)
    assert [e.name for e in EventReader(tmp_path / "a").poll()] == ["header"]


def test_fields_of_a_later_version_are_passed_over() -> None:
    line = '{"event": "checkpoint", "step": 3, "path": "a", "colour": "blue", "time": 1.5}'
    assert decode(line) == events.Checkpoint(3, "a", 1.5)


@pytest.mark.parametrize("version", range(1, events.VERSION + 1))
def test_every_version_so_far_is_read(version: int) -> None:
    assert decode(f'{{"event": "header", "version": {version}}}') == events.Header(version)


def test_a_step_of_version_1_was_not_skipped() -> None:
    line = '{"event": "step", "step": 3, "metrics": {"train.loss": 1.5}, "time": 2.5}'
    assert decode(line) == events.Step(3, {"train.loss": 1.5}, skipped=False, time=2.5)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"event": "applause", "step": 3}', "no known event"),
        ("{}", "no known event"),
        ("[1, 2]", "no known event"),
        ("17", "no known event"),
        ("step 3", "not JSON"),
        ("", "not JSON"),
        ('{"event": "checkpoint", "step": 3}', "incomplete checkpoint event"),
        ('{"event": "header", "version": 3}', "events of version 3; this reads up to 2"),
        ('{"event": "header", "version": "x"}', "events of version x"),
    ],
)
def test_what_is_no_event(line: str, message: str) -> None:
    with pytest.raises(EventFormatError, match=message):
        decode(line)
