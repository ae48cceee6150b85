"""What tests of the controller's benchmarks share."""

import sys
from pathlib import Path

import pytest

from benchmarks.recordings import make_recordings


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of noise; not to be written to."""
    return make_recordings(tmp_path_factory.mktemp("recordings") / "corpus")


@pytest.fixture
def ray_python(tmp_path: Path) -> Path:
    """A python that has a stand-in for Ray."""
    stand_in = Path(__file__).parent / "ray_stand_in"
    python = tmp_path / "python-with-ray"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{stand_in}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return python
