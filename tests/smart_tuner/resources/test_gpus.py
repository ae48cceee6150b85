from pathlib import Path

import pytest

from smart_tuner.resources.gpus import has_gpu, visible_gpus

ONE = "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"
PART = "MIG-a1b2c3d4-0000-1111-2222-333344445555"


@pytest.mark.parametrize(
    ("visible", "devices", "expected"),
    [
        (None, ["nvidia0"], ("0",)),
        (None, ["nvidia0", "nvidia1", "nvidia10"], ("0", "1", "2")),
        (None, ["nvidia3", "nvidiactl", "nvidia-uvm"], ("0",)),  # a container that has one of four
        (None, ["nvidiactl", "nvidia-uvm"], ()),
        (None, [], ()),
        ("0", ["nvidia0", "nvidia1"], ("0",)),
        ("1,0", ["nvidia0", "nvidia1"], ("1", "0")),
        (" 1 , 0 ", ["nvidia0", "nvidia1"], ("1", "0")),
        ("0,-1,1", ["nvidia0", "nvidia1"], ("0",)),
        ("0,7,1", ["nvidia0", "nvidia1"], ("0",)),
        ("0,0", ["nvidia0"], ("0",)),
        (f"{ONE},{PART}", ["nvidia0"], (ONE, PART)),
        ("", ["nvidia0"], ()),
        ("-1", ["nvidia0"], ()),
        ("NoDevFiles", ["nvidia0"], ()),
        ("0", [], ()),
        (ONE, [], ()),
    ],
)
def test_as_cuda_sees_them(
    visible: str | None, devices: list[str], expected: tuple[str, ...], tmp_path: Path
) -> None:
    for name in devices:
        (tmp_path / name).touch()
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert visible_gpus(environ, tmp_path) == expected


def test_hidden_ones_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus() == ()
    assert not has_gpu()
