"""What control groups, such as a container's, leave this process of cores and memory."""

from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")


def allowed_cores(root: Path = _ROOT) -> float:
    """How many cores this process may keep busy; infinity where nothing limits it.

    Args:
        root: of the file system that has ``proc`` and ``sys``.
    """
    allowed = [_quota(*_words(group / "cpu.max")) for group in _groups("", root)]
    for group in _groups("cpu", root):
        words = _words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us")
        allowed.append(_quota(*words))
    return min(allowed, default=float("inf"))


def free_memory_mb(root: Path = _ROOT) -> float:
    """How much more memory the groups of this process may take; infinity where nothing limits it.

    What they use for files that could be read again counts as free.
    """
    free = [_free(g, "memory.max", "memory.current", "inactive_file") for g in _groups("", root)]
    for group in _groups("memory", root):
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        free.append(_free(group, *names))
    return min(free, default=float("inf")) / 2**20


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """The folder of this process's group and of all above it: the limits of each hold.

    Args:
        controller: of version 1, such as ``memory``; empty: version 2, which has one tree.
        root: as above.
    """
    top = root / "sys/fs/cgroup"
    for path in _own_paths(controller, root):
        for mount in [top / controller] if controller else [top, top / "unified"]:
            # In a container the path may be the host's; the mount itself is then the own group.
            group = mount / path
            yield from (group, *group.parents[: len(Path(path).parts)])


def _own_paths(controller: str, root: Path) -> Iterator[str]:
    """From lines such as ``4:memory:/a/b`` and, of version 2, ``0::/a/b``."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", maxsplit=2)
        if controller in controllers.split(","):
            yield "" if ".." in path else path.lstrip("/")  # "..": outside of what can be seen


def _quota(quota: str = "max", period: str = "100000") -> float:
    """``50000 100000`` is half a core; ``max`` and, of version 1, ``-1`` are no limit."""
    return float("inf") if quota in ("max", "-1") else int(quota) / int(period)


def _free(group: Path, limit: str, usage: str, cache: str) -> float:
    """Bytes; infinity where the group has no limit."""
    allowed, used = _words(group / limit), _words(group / usage)
    if not allowed or not used or allowed[0] == "max":
        return float("inf")
    known = dict(line.split() for line in _lines(group / "memory.stat"))
    return max(0.0, int(allowed[0]) - int(used[0]) + int(known.get(cache, "0")))


def _words(path: Path) -> list[str]:
    return [word for line in _lines(path) for word in line.split()]


def _lines(path: Path) -> list[str]:
    """None where there is no such file: not every group has every limit."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
