"""Which backend runs, and what is said where there is no C++."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from trainer.model.recurrence import BackendUnavailableError, describe_backend, kernels_for
from trainer.model.recurrence.native_library import native_library

CPU = torch.device("cpu")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "smart-tuner"


def said(backend: str, **environment: str) -> str:
    """What a fresh process says of the backend, or why it has none."""
    code = (
        "import torch\n"
        "from trainer.model.recurrence import BackendUnavailableError, describe_backend\n"
        "try:\n"
        f"    print(describe_backend({backend!r}, torch.device('cpu')))\n"
        "except BackendUnavailableError as error:\n"
        "    print('error:', error)\n"
    )
    environ = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_without_a_compiler_pytorch_stands_in(tmp_path: Path) -> None:
    nowhere = {"XDG_CACHE_HOME": str(tmp_path), "CXX": "no-such-compiler"}
    assert said("auto", **nowhere) == "torch (no C++ compiler (CXX=no-such-compiler) was found)"
    assert said("native", **nowhere) == (
        "error: no C++ compiler (CXX=no-such-compiler) was found; "
        "install a C++ compiler (Debian: apt install g++), or leave it at auto"
    )
    assert said("torch", **nowhere) == "torch"


def test_a_compiler_that_fails_is_quoted(tmp_path: Path) -> None:
    compiler = tmp_path / "broken"
    compiler.write_text("#!/bin/sh\necho 'out of ideas' >&2\nexit 1\n")
    compiler.chmod(0o755)
    words = said("auto", XDG_CACHE_HOME=str(tmp_path), CXX=str(compiler))
    assert words == f"torch ({compiler} fails: out of ideas)"


def test_a_cache_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    words = said("auto", XDG_CACHE_HOME=str(taken))
    assert words.startswith("torch (")
    assert str(taken) in words
    assert "XDG_CACHE_HOME" in words


def test_it_is_compiled_once(elsewhere: Path, backend: str) -> None:
    native_library()
    made = list(elsewhere.iterdir())
    assert [path.suffix for path in made] == [".so"]  # nothing temporary is left
    stamp = made[0].stat().st_mtime_ns
    native_library()
    assert made[0].stat().st_mtime_ns == stamp


def test_a_library_that_is_none_is_named(tmp_path: Path, backend: str) -> None:
    assert said("auto", XDG_CACHE_HOME=str(tmp_path)) == "native"
    (made,) = (tmp_path / "smart-tuner").iterdir()
    made.write_text("no library")
    words = said("auto", XDG_CACHE_HOME=str(tmp_path))
    assert words.startswith(f"torch ({made} can't be loaded")


@pytest.mark.parametrize("asked", ["auto", "native"])
def test_cpp_is_for_single_precision_on_the_cpu(asked: str, backend: str) -> None:
    names = {kernels_for(asked, torch.empty(0, dtype=dtype)).name for dtype in (torch.float64,)}
    assert names == {"torch"}
    if backend == "native":
        assert kernels_for(asked, torch.empty(0)).name == "native"
        assert describe_backend(asked, CPU) == "native"
    assert kernels_for("torch", torch.empty(0)).name == "torch"


@pytest.mark.parametrize(
    ("asked", "where", "why"),
    [
        ("native", "cuda", "it is for the CPU, and this is cuda; leave it at auto"),
        ("graphs", "cpu", "it is for CUDA, and this is cpu; leave it at auto"),
    ],
)
def test_a_backend_for_another_device_is_refused(asked: str, where: str, why: str) -> None:
    with pytest.raises(BackendUnavailableError) as refused:
        describe_backend(asked, torch.device(where))
    assert str(refused.value) == why


def test_on_a_gpu_pytorch_runs_unless_graphs_are_asked_for() -> None:
    assert describe_backend("auto", torch.device("cuda")) == "torch"
    assert describe_backend("graphs", torch.device("cuda")).split(" (")[0] == "graphs"


def test_for_a_tensor_on_the_cpu_pytorch_stands_in_for_graphs() -> None:
    assert kernels_for("graphs", torch.empty(0)).name == "torch"


def test_a_cpu_is_spared_the_compiler() -> None:
    code = (
        "import sys, torch; from trainer.model.recurrence import kernels_for;"
        "kernels_for('graphs', torch.empty(0)); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
