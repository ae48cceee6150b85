from pathlib import Path

import pytest

from smart_tuner.gpus import has_gpu


@pytest.mark.parametrize(
    ("visible", "devices", "expected"),
    [
        (None, ["nvidia0"], True),
        ("0", ["nvidia0", "nvidia1"], True),
        ("", ["nvidia0"], False),
        ("-1", ["nvidia0"], False),
        (None, [], False),
        (None, ["nvidiactl", "nvidia-uvm"], False),
    ],
)
def test_a_gpu_is_a_device_that_is_not_hidden(
    visible: str | None, devices: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    def glob(folder: Path, pattern: str) -> list[Path]:
        assert folder == Path("/dev")
        return [Path(device) for device in devices if Path(device).match(pattern)]

    monkeypatch.setattr(Path, "glob", glob)
    assert has_gpu() is expected
