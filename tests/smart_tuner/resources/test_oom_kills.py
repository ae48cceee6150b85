"""What the system says of processes that it killed for want of memory."""

from pathlib import Path

from smart_tuner.resources.oom_kills import oom_kills


def test_the_count_is_read(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("nr_free_pages 12\noom_kill 3\nworkingset_nodes 0\n")
    assert oom_kills(vmstat) == 3


def test_where_there_is_none_nobody_was_killed(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"
    assert oom_kills(vmstat) == 0
    vmstat.write_text("nr_free_pages 12\n")
    assert oom_kills(vmstat) == 0


def test_this_system_can_be_asked() -> None:
    assert oom_kills() >= 0
