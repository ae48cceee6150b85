"""The files of a run directory that the dashboard shows: pictures, sound, debug reports."""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_SAMPLES = "samples"
_DEBUG = "debug"
_SAMPLE = re.compile(r"(?P<kind>alignment|sample)_(?P<step>\d+)\.(?P<suffix>png|wav)")
_SAMPLE_NAMES = {"alignment": "alignment and mels", "sample": "speech"}
_DEBUG_FOLDER = re.compile(r"(?P<count>\d+)_step_(?P<step>\d+)_(?P<cause>\w+)")
_MIMETYPES = {
    ".png": "image/png",
    ".wav": "audio/wav",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
"""Everything else is offered as a download: no browser takes it for a page."""
_UNKNOWN = "application/octet-stream"
_KEPT_LISTINGS = 20_000


class RunFile(NamedTuple):
    """A file of a run directory."""

    path: str
    """Relative to the run directory."""
    name: str
    """For people."""
    mimetype: str


def run_files(run_dir: Path) -> tuple[RunFile, ...]:
    """What there is to see and hear of a run; none where there is no such directory.

    The newest evaluation comes first, its picture before its sound; then the debug reports.
    """
    return _samples(run_dir, _changed(run_dir / _SAMPLES)) + _reports(run_dir)


def newest(files: tuple[RunFile, ...]) -> tuple[RunFile, ...]:
    """Of each kind of sample the newest alone, and what is no sample."""
    kinds: dict[str, RunFile] = {}
    for file in files:
        kinds.setdefault(file.path.rpartition("_")[0] if is_sample(file) else file.path, file)
    return tuple(kinds.values())


def is_sample(file: RunFile) -> bool:
    """Whether it is of an evaluation."""
    return file.path.startswith(f"{_SAMPLES}/")


def _changed(folder: Path) -> int | None:
    """When files came or went, in nanoseconds; ``None`` where there is no such folder."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=_KEPT_LISTINGS)
def _samples(run_dir: Path, changed: int | None) -> tuple[RunFile, ...]:
    """``changed`` is what a listing is good for."""
    if changed is None:
        return ()
    names = _names(run_dir / _SAMPLES)
    found = [match for name in names if (match := _SAMPLE.fullmatch(name))]
    found.sort(key=lambda one: (-int(one["step"]), one["kind"]))
    return tuple(_sample_file(one, int(found[0]["step"])) for one in found)


def _sample_file(match: re.Match[str], newest_step: int) -> RunFile:
    """Named so that the newest comes first, then the others by step, in the order of names."""
    step = int(match["step"])
    digits = len(str(newest_step))
    when = f"newest, step {step}" if step == newest_step else f"step {step:0{digits}}"
    name = f"{when} {_SAMPLE_NAMES[match['kind']]}.{match['suffix']}"
    return RunFile(f"{_SAMPLES}/{match[0]}", name, _MIMETYPES[f".{match['suffix']}"])


def _reports(run_dir: Path) -> tuple[RunFile, ...]:
    """The files of the folder ``debug``, and of the folders in it."""
    debug = run_dir / _DEBUG
    if _changed(debug) is None:
        return ()
    files = [_report_file(name, f"{_DEBUG}/{name}") for name in _names(debug)]
    for folder in _folders(debug):
        title = _report_title(folder)
        files += [
            _report_file(f"{title} {name}", f"{_DEBUG}/{folder}/{name}")
            for name in _names(debug / folder)
        ]
    return tuple(files)


def _report_title(folder: str) -> str:
    match = _DEBUG_FOLDER.fullmatch(folder)
    return folder if match is None else f"debug, step {int(match['step'])} {match['cause']}"


def _report_file(name: str, path: str) -> RunFile:
    return RunFile(path, name, _MIMETYPES.get(Path(path).suffix, _UNKNOWN))


def _names(folder: Path) -> list[str]:
    """Its own files: no links, which may lead anywhere, and no temporary ones."""
    return sorted(one.name for one in _entries(folder) if one.is_file(follow_symlinks=False))


def _folders(folder: Path) -> list[str]:
    return sorted(one.name for one in _entries(folder) if one.is_dir(follow_symlinks=False))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from (one for one in entries if not one.name.startswith("."))
    except FileNotFoundError:
        return  # deleted meanwhile
