"""Ray Tune, where the user has it: found, run, and swept up behind."""

import json
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.controllers.contestants import run_program
from benchmarks.controllers.task import SPACE, STEPS_A_REPORT, Task
from trainer.exit_codes import BadInputError

_SCRIPT = Path(__file__).with_name("ray_tune.py")
_VERSION = "import ray, ray.tune; print(ray.__version__)"
_GRACE_S = 5.0


@dataclass(frozen=True)
class RayTune:
    """Of one interpreter."""

    python: Path
    version: str

    @property
    def name(self) -> str:
        """As it stands in a row."""
        return f"Ray Tune {self.version}"

    def run(self, task: Task, folder: Path) -> float:
        """Run a task in ``folder``; the seconds that it took, by the wall."""
        # Ray makes sockets below it, whose paths may have 107 letters.
        with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as temporary:
            told = {
                "trials": task.trials, "slots": task.slots, "space": SPACE,
                "trainer": task.trainer, "runs": str(folder / "runs"), "temporary": temporary,
                "options": ["--steps", str(task.steps), "--evaluate-every", str(STEPS_A_REPORT)],
            }  # fmt: skip
            program = [str(self.python), "-P", str(_SCRIPT), json.dumps(told)]
            try:
                return run_program(program, folder)[0]
            finally:
                _end_what_is_left(temporary)


def ray_tune(python: Path) -> RayTune:
    """Ray Tune of the interpreter ``python``.

    Raises:
        BadInputError: there is no such interpreter, or it has no Ray Tune.
    """
    try:
        done = subprocess.run(
            [python, "-P", "-c", _VERSION], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadInputError(
            f"--ray {python}: can't import ray.tune; name the python of an environment in which "
            "you ran: pip install 'ray[tune]'"
        ) from error
    return RayTune(python, done.stdout.split()[-1])


def _end_what_is_left(temporary: str) -> None:
    """Ray's servers name the folder in their command lines; most have left with the tuner."""
    deadline = time.monotonic() + _GRACE_S
    while left := [p for p in psutil.process_iter() if _names(p, temporary)]:
        if time.monotonic() > deadline:
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        time.sleep(0.1)


def _names(process: psutil.Process, folder: str) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return process.pid != psutil.Process().pid and any(
            folder in word for word in process.cmdline()
        )
    return False
