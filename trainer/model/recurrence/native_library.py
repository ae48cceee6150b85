"""The C++ loops as a shared library: compiled once for a machine, kept in the user's cache."""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

_SOURCES = Path(__file__).parent / "native"
_MAIN = _SOURCES / "recurrence.cpp"
_COMPILERS = ("c++", "g++", "clang++")
_FLAGS = ("-std=c++20", "-O3", "-fPIC", "-shared")
_COMPILE_SECONDS = 300


class NativeUnavailableError(Exception):
    """There is no library, and the message says why."""


def native_library() -> ctypes.CDLL:
    """Load the library, compiled first where the cache has none for these sources and this CPU.

    Raises:
        NativeUnavailableError: no compiler, or it fails, or there is nowhere to write.
    """
    compiler = _compiler()
    path = cache_folder() / f"recurrence-{_fingerprint(compiler)}.so"
    if not path.exists():
        _build(compiler, path)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NativeUnavailableError(f"{path} can't be loaded: {error}") from error


def cache_folder() -> Path:
    """Where libraries are kept: ``smart-tuner`` under XDG_CACHE_HOME, or ~/.cache."""
    root = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(root) if root else Path.home() / ".cache") / "smart-tuner"
    except RuntimeError as error:  # a user without a home
        raise NativeUnavailableError(f"no folder for the library: {error}") from error


def _compiler() -> str:
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else _COMPILERS:
        found = shutil.which(name)
        if found:
            return found
    looked_for = f"CXX={wanted}" if wanted else " or ".join(_COMPILERS)
    raise NativeUnavailableError(f"no C++ compiler ({looked_for}) was found")


def _fingerprint(compiler: str) -> str:
    """Of all that the library depends on: another CPU or another source gets another file."""
    digest = hashlib.sha256()
    for source in sorted(_SOURCES.glob("*.[ch]*")):
        digest.update(source.read_bytes())
    digest.update(repr((compiler, Path(compiler).stat().st_mtime_ns, *_flags(), _cpu())).encode())
    return digest.hexdigest()[:16]


def _flags() -> tuple[str, ...]:
    own = "-march=native" if platform.machine() in ("x86_64", "AMD64") else "-mcpu=native"
    return (*_FLAGS, own)


def _cpu() -> str:
    """What this processor can do, as far as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    kinds = ("flags", "features", "model name")
    return "\n".join(sorted({line for line in lines if line.lower().startswith(kinds)}))


def _build(compiler: str, path: Path) -> None:
    """Compile under a temporary name, then rename: several trainers may start at once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            _compile(compiler, made)
            made.replace(path)
    except OSError as error:
        reason = f"{path.parent}: {error.strerror or error}; set XDG_CACHE_HOME"
        raise NativeUnavailableError(reason) from error


def _compile(compiler: str, to: Path) -> None:
    problem = ""
    for threads in (("-fopenmp",), ()):  # without OpenMP it runs on one thread
        command = [compiler, *_flags(), *threads, str(_MAIN), "-o", str(to)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_COMPILE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NativeUnavailableError(f"{compiler} took over {error.timeout:g} s") from error
        if done.returncode == 0:
            return
        problem = (done.stderr.strip().splitlines() or ["no output"])[0]
    raise NativeUnavailableError(f"{compiler} fails: {problem}")
