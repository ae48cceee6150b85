import subprocess
import sys
from pathlib import Path

import pytest

import smart_tuner
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.main import SmartTunerMain

ROOT = Path(smart_tuner.__file__).parents[1]


def test_exports_what_it_says() -> None:
    assert smart_tuner.StudyConfig is StudyConfig
    assert smart_tuner.SmartTunerMain is SmartTunerMain
    assert set(smart_tuner.__all__) == {"SmartTunerMain", "StudyConfig"}
    assert set(smart_tuner.__all__) <= set(dir(smart_tuner))


def test_other_names_are_none_of_it() -> None:
    with pytest.raises(AttributeError, match="'smart_tuner' has no attribute 'Nothing'"):
        getattr(smart_tuner, "Nothing")  # noqa: B009 - what `from smart_tuner import ...` does


def test_the_package_itself_loads_nothing() -> None:
    code = (
        "import sys, smart_tuner;"
        "assert not {'pydantic', 'optuna', 'smart_tuner.main'} & set(sys.modules);"
        "from smart_tuner import SmartTunerMain, StudyConfig;"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
