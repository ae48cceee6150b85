"""Which backend runs, and what is said where there is no C++."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from trainer.model.recurrence import BackendUnavailableError, describe_backend, kernels_for

CPU = torch.device("cpu")


@pytest.fixture
def cxx() -> str:
    """A real compiler."""
    found = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if found is None:
        pytest.skip("needs a C++ compiler (Debian: apt install g++)")
    return found


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


def test_a_cache_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    reason = f"{taken}/smart-tuner: Not a directory"
    assert said("auto", XDG_CACHE_HOME=str(taken)) == f"torch ({reason})"
    told = said("native", XDG_CACHE_HOME=str(taken))
    assert told.startswith(f"error: {reason}; set XDG_CACHE_HOME to a folder that")


def compiler(folder: Path, *lines: str) -> str:
    """A stand-in that runs ``lines`` of shell."""
    path = folder / "compiler"
    path.write_text("\n".join(("#!/bin/sh", *lines)))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["echo 'out of ideas' >&2", "exit 1"], "fails: out of ideas"),
        (["kill -9 $$"], "was killed by signal 9"),
        (["exit 0"], "wrote no library"),
        (["printf '\\377' >&2", "exit 1"], "fails: \ufffd"),
    ],
)
def test_a_compiler_that_makes_nothing_is_named(
    tmp_path: Path, lines: list[str], reason: str
) -> None:
    named = compiler(tmp_path, *lines)
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert said("auto", **cache, CXX=named) == f"torch ({named} {reason})"
    assert "name another compiler by CXX" in said("native", **cache, CXX=named)
    assert not list((tmp_path / "cache" / "smart-tuner").iterdir())


def test_a_compiler_that_is_no_program_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a program")
    text.chmod(0o755)
    words = said("auto", XDG_CACHE_HOME=str(tmp_path), CXX=str(text))
    assert words == f"torch ({text} can't be run: Exec format error)"


def test_without_openmp_it_runs_on_one_thread(tmp_path: Path, cxx: str) -> None:
    """And only a compiler that says so is taken to have none."""
    picky = 'case "$*" in *-fopenmp*) echo "unsupported option -fopenmp" >&2; exit 1;; esac'
    named = compiler(tmp_path, picky, f'exec {cxx} "$@"')
    assert said("native", XDG_CACHE_HOME=str(tmp_path), CXX=named) == "native"


def test_a_compiler_may_have_options(tmp_path: Path, cxx: str) -> None:
    assert said("native", XDG_CACHE_HOME=str(tmp_path), CXX=f"{cxx} -g0") == "native"


def test_it_is_compiled_once(tmp_path: Path, cxx: str) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    assert said("auto", **cache, CXX=cxx) == "native"
    (made,) = (tmp_path / "smart-tuner").iterdir()  # nothing temporary is left
    # Later nobody needs a compiler.
    assert said("auto", **cache, CXX="no-such-compiler") == "native"
    assert list((tmp_path / "smart-tuner").iterdir()) == [made]


@pytest.mark.parametrize(
    "damage", ["cut", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("zeros", "other"))]
)
def test_a_damaged_library_is_compiled_anew(tmp_path: Path, cxx: str, damage: str) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path), "CXX": cxx}
    said("auto", **cache)
    (made,) = (tmp_path / "smart-tuner").iterdir()
    whole = made.read_bytes()
    other = {"cut": whole[:70_000], "zeros": whole[:9000] + bytes(9000) + whole[18_000:]}
    made.write_bytes(other.get(damage, b"no library"))
    assert said("auto", **cache) == "native"
    (made,) = (tmp_path / "smart-tuner").iterdir()
    assert len(made.read_bytes()) == len(whole)


def test_a_cache_that_may_not_be_entered_is_named(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    words = said("auto", XDG_CACHE_HOME=str(long))
    assert words == f"torch ({long}/smart-tuner: File name too long)"


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
