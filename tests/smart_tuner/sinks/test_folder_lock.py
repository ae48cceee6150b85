from pathlib import Path

from smart_tuner.sinks.folder_lock import folder_lock


def test_one_at_a_time(tmp_path: Path) -> None:
    asked: list[int] = []

    def patience() -> bool:
        asked.append(1)
        return len(asked) < 3

    with folder_lock(tmp_path, patience) as first:
        assert first
        assert not asked
        with folder_lock(tmp_path, patience) as second:
            assert not second
        assert len(asked) == 3
    with folder_lock(tmp_path, patience) as third:
        assert third
