import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("smart_tuner.config", "{'optuna', 'torch', 'matplotlib', 'sqlalchemy'}"),
        ("smart_tuner.health", "{'optuna', 'torch', 'matplotlib', 'sqlalchemy'}"),
        ("smart_tuner.search.samplers, smart_tuner.search.pruners", "{'torch', 'matplotlib'}"),
    ],
)
def test_what_is_not_needed_is_not_imported(module: str, absent: str) -> None:
    program = f"import sys, {module}; print(sorted({absent} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
