"""Smart Tuner: Optuna studies in which every trial trains a Tacotron 2 voice.

from smart_tuner import SmartTunerMain, StudyConfig

SmartTunerMain(StudyConfig(corpus="speech")).run()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smart_tuner.config import StudyConfig
    from smart_tuner.main import SmartTunerMain

__all__ = ["SmartTunerMain", "StudyConfig"]

_HOMES = {"SmartTunerMain": "smart_tuner.main", "StudyConfig": "smart_tuner.config"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562): the package itself stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
