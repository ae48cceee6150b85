from pathlib import Path, PurePath

import pytest

from storage.file_systems import file_system_of, network_file_system

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 27 0:27 / /home rw,relatime shared:7 - nfs4 server:/export/home rw,vers=4.2,addr=10.0.0.1
31 30 8:2 / /home/anna/scratch rw,relatime - xfs /dev/sdb1 rw
32 27 0:40 / /mnt/my\\040data rw,relatime master:1 propagate_from:2 - cifs //nas/data rw
33 27 0:41 / /auto rw,relatime - autofs systemd-1 rw,fd=52
34 33 0:42 / /auto rw,relatime - fuse.sshfs anna@host: rw,user_id=0
35 27 0:43 / /var/lib/docker/merged rw,relatime - overlay overlay rw,lowerdir=/a - b
36 27 0:44 / /tmp rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/homes/anna", "ext4"),
        ("/home", "nfs4"),
        ("/home/anna/runs", "nfs4"),
        ("/home/anna/scratch", "xfs"),
        ("/home/anna/scratch/runs", "xfs"),
        ("/mnt/my data/runs", "cifs"),
        ("/mnt/my", "ext4"),
        ("/auto/runs", "fuse.sshfs"),
        ("/var/lib/docker/merged/app", "overlay"),
        ("/tmp/x", "tmpfs"),
    ],
)
def test_the_longest_mount_point_counts_and_the_last_of_equals(path: str, kind: str) -> None:
    assert file_system_of(PurePath(path), MOUNTS) == kind


def test_no_mount_holds_it() -> None:
    assert file_system_of(PurePath("/srv"), MOUNTS.splitlines()[0]) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/home/anna", "nfs4"), ("/mnt/my data", "cifs"), ("/auto", "fuse.sshfs"), ("/tmp", None)],
)
def test_which_are_refused(
    path: str, kind: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    monkeypatch.setattr("storage.file_systems._MOUNTS", mounts)

    assert network_file_system(Path(path)) == kind


def test_a_system_without_such_a_list_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.file_systems._MOUNTS", tmp_path / "nowhere")

    assert network_file_system(tmp_path) is None


def test_this_machine_is_not_refused(tmp_path: Path) -> None:
    assert network_file_system(tmp_path) is None
