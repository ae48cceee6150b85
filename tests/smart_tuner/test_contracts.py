"""Who imports whom."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import smart_tuner
from smart_tuner.exit_codes import TunerExit

ROOT = Path(smart_tuner.__file__).parents[1]


def test_imports_go_one_way(tmp_path: Path) -> None:
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--cache-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
    for name in ("The controller never imports torch", "The trainer stands alone"):
        assert f"{name} KEPT" in done.stdout


def test_a_controller_that_ran_a_study_has_not_loaded_torch(workshop: Any) -> None:
    controller = workshop.start(study={"trials": 1})
    output, _ = controller.communicate(timeout=60)
    assert controller.returncode == TunerExit.FINISHED, output
    assert "torch loaded: False" in output
