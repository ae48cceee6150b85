"""Whether a directory can be written to, tried on real file systems."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smart_tuner.resources.disk import problem, room_problem

ROOT = Path(__file__).parents[3]
# Makes a disk of a megabyte, and says what is wrong with it: empty, half full, full, read-only.
ON_A_DISK = """
set -e
mount -t tmpfs -o size=1m tmpfs "$1" || exit 99
ask() { "$2" -c "import sys; from pathlib import Path
from smart_tuner.resources.disk import room_problem
print(room_problem(Path(sys.argv[1]), $3)); print(room_problem(Path(sys.argv[1])))" "$1"; }
ask "$1" "$2" 900000
head -c 500000 /dev/zero >"$1/half"
ask "$1" "$2" 900000
cat /dev/zero >"$1/all" 2>/dev/null || true
ask "$1" "$2" 900000
ls -A "$1"
rm "$1/all" "$1/half"
mount -o remount,ro "$1"
ask "$1" "$2" 1
"""
FULL = "full (ENOSPC: No space left on device)"
READ_ONLY = "forbidden (EROFS: Read-only file system)"


def test_a_directory_that_has_room(tmp_path: Path) -> None:
    assert room_problem(tmp_path) is None
    assert room_problem(tmp_path, size=10**6) is None
    assert list(tmp_path.iterdir()) == []


def test_a_real_disk_that_fills_up(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    space = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
    done = subprocess.run(
        [*space, "bash", "-c", ON_A_DISK, "bash", str(disk), sys.executable],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0 and not done.stdout:
        pytest.skip(f"no disk can be mounted here: {done.stderr}")
    assert done.stdout.splitlines() == [
        "None", "None",
        FULL, "None",
        FULL, FULL, "all", "half",
        READ_ONLY, READ_ONLY,
    ]  # fmt: skip


@pytest.fixture
def no_file_may_grow() -> Iterator[None]:
    """As a quota does it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_file_may_grow")
def test_a_limit_of_the_user_is_a_full_disk(tmp_path: Path) -> None:
    assert room_problem(tmp_path) == "full (EFBIG: File too large)"
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    said = room_problem(tmp_path / "none")
    assert said == "broken (ENOENT: No such file or directory)"


def test_a_directory_of_the_system() -> None:
    said = room_problem(Path("/sys"))
    assert said is not None
    assert said.startswith("forbidden (")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "full (ENOSPC: "),
        (errno.EDQUOT, "full (EDQUOT: "),
        (errno.EFBIG, "full (EFBIG: "),
        (errno.EACCES, "forbidden (EACCES: "),
        (errno.EPERM, "forbidden (EPERM: "),
        (errno.EROFS, "forbidden (EROFS: "),
        (errno.EIO, "broken (EIO: "),
        (errno.ESTALE, "broken (ESTALE: "),
    ],
)
def test_what_is_wrong(number: int, kind: str) -> None:
    assert problem(OSError(number, os.strerror(number))) == f"{kind}{os.strerror(number)})"
