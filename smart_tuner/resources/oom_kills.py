"""How often this system has killed a process because memory ran out."""

from pathlib import Path

_VMSTAT = Path("/proc/vmstat")


def oom_kills(vmstat: Path = _VMSTAT) -> int:
    """Since the system started; 0 where it doesn't say.

    On a CPU that is how a trainer that needs too much memory ends: nothing fails, until the
    kernel kills it.
    """
    if not vmstat.exists():
        return 0
    counts = dict(line.split() for line in vmstat.read_text(encoding="utf-8").splitlines())
    return int(counts.get("oom_kill", 0))
