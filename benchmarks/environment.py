"""What the figures depend on: the machine, torch, threads, the commit."""

import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.child import ROOT
from benchmarks.setting import Setting
from trainer.model.recurrence import describe_backend


@dataclass(frozen=True)
class Environment:
    """Where the measurement ran."""

    processor: str
    instructions: str
    """What torch makes use of: AVX2, AVX512 …"""
    device: str
    threads: int
    torch: str
    python: str
    commit: str
    backend: str
    """What ``decoder_backend: auto`` is here."""
    clock: str
    quick: bool

    @classmethod
    def of(cls, setting: Setting) -> "Environment":
        """This one."""
        is_gpu = setting.device.type == "cuda"
        return cls(
            processor=processor_name(),
            instructions=torch.backends.cpu.get_cpu_capability(),
            device=torch.cuda.get_device_name(setting.device) if is_gpu else "CPU",
            threads=setting.threads,
            torch=str(torch.__version__),
            python=platform.python_version(),
            commit=commit(ROOT),
            backend=describe_backend("auto", setting.device),
            clock=f"{setting.clock.kind} time",
            quick=setting.quick,
        )

    @property
    def slug(self) -> str:
        """The machine, as part of a file's name."""
        name = self.processor if self.device == "CPU" else self.device
        plain = re.sub(r"\((r|tm)\)", "", name.lower())
        return "-".join(re.findall(r"[a-z0-9]+", plain)) or "unknown"


def processor_name() -> str:
    """As the system calls it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*: (.+)$", info.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def commit(folder: Path) -> str:
    """The commit of ``folder``, ``+`` behind it where files were changed since."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=7"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "no commit"  # a copy without its history, or a machine without git
    return done.stdout.strip()
