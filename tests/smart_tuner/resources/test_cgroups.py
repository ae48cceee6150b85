"""The limits of control groups, read from trees of files as the kernel shows them."""

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from smart_tuner.resources.cgroups import allowed_cores, free_memory_mb

MB = 2**20
V1_NO_LIMIT = "9223372036854771712"


def tree(root: Path, cgroup: str, files: Mapping[str, str]) -> Path:
    """A file system with ``/proc/self/cgroup`` and these files below ``/sys/fs/cgroup``."""
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        path = root / name if name.startswith("proc") else root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "cores"),
    [
        ("0::/", {}, math.inf),
        ("0::/", {"cpu.max": "max 100000"}, math.inf),
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/a/b", {"a/b/cpu.max": "400000 100000"}, 4.0),
        ("0::/a/b", {"a/b/cpu.max": "400000 100000", "a/cpu.max": "200000 100000"}, 2.0),
        ("0::/a/b", {"a/cpu.max": "200000 100000", "other/cpu.max": "1000 100000"}, 2.0),
        ("0::/../other", {"cpu.max": "300000 100000"}, 3.0),
        ("3:cpu:/a\n0::/", {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.cfs_period_us": "100000"},
         math.inf),
        ("3:cpu,cpuacct:/a\n0::/",
         {"cpu/a/cpu.cfs_quota_us": "250000", "cpu/a/cpu.cfs_period_us": "50000"}, 5.0),
        # A container that knows its path on the host, and sees its own group as the root.
        ("3:cpu:/docker/0123\n0::/",
         {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 0.5),
    ],
)  # fmt: skip
def test_cores(cgroup: str, files: dict[str, str], cores: float, tmp_path: Path) -> None:
    assert allowed_cores(tree(tmp_path, cgroup, files)) == cores


def v2(limit: str, used: int, cache: int = 0, folder: str = "") -> dict[str, str]:
    return {
        f"{folder}memory.max": limit,
        f"{folder}memory.current": str(used),
        f"{folder}memory.stat": f"anon {used - cache}\nfile {cache}\ninactive_file {cache}",
    }


def v1(limit: str, used: int, cache: int = 0, folder: str = "") -> dict[str, str]:
    return {
        f"memory/{folder}memory.limit_in_bytes": limit,
        f"memory/{folder}memory.usage_in_bytes": str(used),
        f"memory/{folder}memory.stat": f"inactive_file 7\ntotal_inactive_file {cache}",
    }


@pytest.mark.parametrize(
    ("cgroup", "files", "free"),
    [
        ("0::/", {}, math.inf),
        ("0::/", v2("max", 100 * MB), math.inf),
        ("0::/", v2(str(1000 * MB), 300 * MB), 700),
        ("0::/", v2(str(1000 * MB), 900 * MB, cache=500 * MB), 600),
        ("0::/", v2(str(100 * MB), 101 * MB), 0),
        ("0::/a", {**v2(str(100 * MB), 10 * MB), **v2(str(900 * MB), 100 * MB, folder="a/")}, 90),
        ("4:memory:/a\n0::/", v1(str(1000 * MB), 300 * MB, cache=100 * MB, folder="a/"), 800),
        ("4:memory:/docker/0123\n0::/", v1(str(1000 * MB), 300 * MB), 700),
    ],
)
def test_memory(cgroup: str, files: dict[str, str], free: float, tmp_path: Path) -> None:
    assert free_memory_mb(tree(tmp_path, cgroup, files)) == free


def test_no_limit_of_version_1_is_more_than_any_machine_has(tmp_path: Path) -> None:
    files = v1(V1_NO_LIMIT, 300 * MB, folder="a/")
    assert free_memory_mb(tree(tmp_path, "4:memory:/a\n0::/", files)) > 1e9


def test_without_control_groups_nothing_is_limited(tmp_path: Path) -> None:
    assert allowed_cores(tmp_path) == free_memory_mb(tmp_path) == math.inf
