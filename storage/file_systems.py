"""On which kind of file system a path lies: SQLite's write-ahead log needs a local one."""

import re
from pathlib import Path, PurePath

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_NETWORK = frozenset({
    "afs", "beegfs", "ceph", "cifs", "coda", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "orangefs", "pvfs2", "smb2", "smb3", "smbfs",
    "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys",
    "fuse.juicefs", "fuse.mfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
})  # fmt: skip
"""Locks and shared memory of one machine mean nothing to the others there. Shares of a virtual
machine with its own host (9p, virtiofs) are not among them: one kernel sees all of their users."""


def network_file_system(path: Path) -> str | None:
    """The kind of network file system on which ``path`` lies; ``None`` on a local one.

    Also where the system doesn't say: only Linux lists its mounts so.
    """
    if not _MOUNTS.exists():
        return None
    kind = file_system_of(path.resolve(), _MOUNTS.read_text(encoding="utf-8", errors="replace"))
    return kind if kind in _NETWORK else None


def file_system_of(path: PurePath, mountinfo: str) -> str | None:
    """The kind of file system that holds ``path``; ``None`` where no mount does.

    Args:
        path: absolute, without links.
        mountinfo: the text of ``/proc/self/mountinfo``, as proc(5) has it. The longest mount point
            that holds the path counts; of several mounts on one point, the last hides the others.
    """
    found, kind = PurePath(), None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = PurePath(_unescaped(before.split(" ")[4]))
        if path.is_relative_to(point) and len(point.parts) >= len(found.parts):
            found, kind = point, after.split(" ")[0]
    return kind


def _unescaped(text: str) -> str:
    r"""Spaces and the like stand as octal numbers: ``\040``."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
