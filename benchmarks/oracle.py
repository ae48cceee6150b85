"""The oracle of the parity tests, loaded from its file: the published model, spelled out."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams

ORACLE = Path(__file__).parent.parent / "tests" / "trainer" / "model" / "published.py"


@cache
def load_published() -> ModuleType:
    """``tests/trainer/model/published.py`` as a module.

    Raises:
        BadInputError: the tests are not there.
    """
    spec = importlib.util.spec_from_file_location("published", ORACLE)
    if spec is None or spec.loader is None or not ORACLE.exists():
        raise BadInputError(f"{ORACLE}: not there; benchmarks run in a checkout, with its tests")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published_sizes(hparams: HParams) -> Any:
    """``Sizes`` of the published model that ``hparams`` describe."""
    published = load_published()
    names = published.Sizes.__dataclass_fields__.keys() - {"n_symbols"}
    return published.Sizes(**{name: getattr(hparams, name) for name in names})
