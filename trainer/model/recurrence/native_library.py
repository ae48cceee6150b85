"""The C++ loops as a shared library: compiled once for a machine, kept in the user's cache.

A library's name holds what it was made of and the checksum of what it became: one that was damaged
is made anew.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)

_SOURCES = Path(__file__).parent / "native"
_COMPILERS = ("c++", "g++", "clang++")
_FLAGS = ("-std=c++20", "-O3", "-fPIC", "-shared")
_OPENMP = "-fopenmp"
_COMPILE_SECONDS = 120
_INSTALL = "install a C++ compiler (Debian: apt install g++)"
_ANOTHER = "name another compiler by CXX"
_ELSEWHERE = "set XDG_CACHE_HOME to a folder that programs can be written to and loaded from"


class NativeUnavailableError(Exception):
    """There is no library: why, and what would help."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def native_library() -> ctypes.CDLL:
    """Load the library, compiled first where the cache has none for these sources and this CPU.

    Raises:
        NativeUnavailableError: no compiler, or it fails, or there is nowhere to write.
    """
    folder = cache_folder()
    try:
        path = _cached(folder) or _build(folder)
    except OSError as error:
        raise NativeUnavailableError(f"{folder}: {error.strerror or error}", _ELSEWHERE) from error
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NativeUnavailableError(f"{path} can't be loaded: {error}", _ELSEWHERE) from error


def cache_folder() -> Path:
    """Where libraries are kept: ``smart-tuner`` under XDG_CACHE_HOME, or ~/.cache."""
    root = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(root) if root else Path.home() / ".cache") / "smart-tuner"
    except RuntimeError as error:  # a user without a home
        raise NativeUnavailableError(f"no folder for the library: {error}", _ELSEWHERE) from error


def _cached(folder: Path) -> Path | None:
    """The library in the cache; what is damaged goes."""
    for path in folder.glob(f"recurrence-{_fingerprint()}-*.so"):
        if path.is_file() and path.stem.endswith(f"-{_digest(path.read_bytes())}"):
            return path
        log.warning("%s is damaged: it is compiled anew", path)
        path.unlink(missing_ok=True)
    return None


def _fingerprint() -> str:
    """Of all that the library depends on: another CPU or another source gets another file."""
    sources = b"".join(source.read_bytes() for source in sorted(_SOURCES.glob("*.[ch]*")))
    return _digest(sources + repr((_flags(), _cpu())).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


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


def _build(folder: Path) -> Path:
    """Compile under a temporary name, then rename: several trainers may start at once."""
    compiler = _compiler()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        made = Path(temporary) / "recurrence.so"
        log.info("compiling the decoder's C++ loops, once for this machine: %s", compiler[0])
        failure = _failure([*compiler, _OPENMP], made)
        if failure and ("openmp" in failure or "omp" in failure):  # then it runs on one thread
            failure = _failure(compiler, made)
        if failure:
            raise NativeUnavailableError(f"{compiler[0]} {failure}", _ANOTHER)
        return made.replace(folder / f"recurrence-{_fingerprint()}-{_digest(made.read_bytes())}.so")


def _compiler() -> list[str]:
    """The command: CXX, which may have options of its own, or the first that there is."""
    wanted = os.environ.get("CXX")
    for command in [shlex.split(wanted)] if wanted else [[name] for name in _COMPILERS]:
        found = shutil.which(command[0]) if command else None
        if found:
            return [found, *command[1:]]
    looked_for = f"CXX={wanted}" if wanted else " or ".join(_COMPILERS)
    raise NativeUnavailableError(f"no C++ compiler ({looked_for}) was found", _INSTALL)


def _failure(command: list[str], to: Path) -> str | None:
    """Compile to ``to``; what went wrong, if anything did."""
    try:
        done = subprocess.run(
            [*command, *_flags(), str(_SOURCES / "recurrence.cpp"), "-o", str(to)],
            capture_output=True, encoding="utf-8", errors="replace", timeout=_COMPILE_SECONDS,
            check=False,
            start_new_session=True,  # a Ctrl-C is the trainer's: it is obeyed between two steps
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"took over {_COMPILE_SECONDS} s"
    except OSError as error:
        return f"can't be run: {error.strerror or error}"
    if done.returncode < 0:
        return f"was killed by signal {-done.returncode}"
    if done.returncode:
        return f"fails: {(done.stderr.strip().splitlines() or ['it says nothing'])[0]}"
    return None if to.is_file() else "wrote no library"
