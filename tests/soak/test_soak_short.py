"""Studies that are disturbed, for a short time; ``make soak`` does it for long.

Which faults there are is the same at each run; when they strike depends on the machine's pace.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest

from .databases import Server
from .harness import run
from .study import Study
from .tally import Tally
from .verdict import Kept, differences

NewStudy = Callable[..., Study]
_SEED = 7
_KILLS = 6
_TRIALS = 4
_SMALL: dict[str, Any] = {"trials": _TRIALS, "seconds_per_step": 0.03, "frailty": 15}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest) -> Server | None:
    """What the study's database lies on."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("restartable_postgresql")


def test_one_worker_comes_to_the_same(new_study: NewStudy, server: Server | None) -> None:
    calm = run(new_study("calm", trials=_TRIALS), random.Random(_SEED), Tally())
    study = new_study("disturbed", server and server.create(), **_SMALL)
    assert differences(disturbed(study, server), calm) == []


def test_two_controllers_share_the_work(new_study: NewStudy, server: Server | None) -> None:
    url = server and server.create()
    disturbed(new_study("shared", url, controllers=2, jobs=2, **_SMALL), server)


def disturbed(study: Study, server: Server | None) -> Kept:
    """What is kept of ``study`` at its end; it was disturbed as much as it should be."""
    tally = Tally()
    kept = run(study, random.Random(_SEED), tally, _KILLS, server)
    assert tally.kills >= _KILLS - 2, tally.table()
    print(tally.table())
    return kept
