"""``make soak``: studies on both databases, disturbed until enough was killed.

``SEED`` and ``KILLS`` come from the environment; what failed is told with the seed that it had.
"""

import os
import random
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest

from .crew import FoundError
from .databases import Server
from .harness import run
from .study import Study
from .tally import Tally
from .verdict import differences

NewStudy = Callable[..., Study]
Say = Callable[[str], None]
_KILLS_A_STUDY = 20
_MOST_FAILURES = 5
_SHAPES = ((1, 1), (2, 1), (1, 1), (1, 2), (1, 1), (2, 2))
"""Controllers, and trials at once of each. One worker comes to the same as undisturbed."""


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Tells people at once."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    return tell


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_soak(new_study: NewStudy, restartable_postgresql: Server, say: Say) -> None:
    first, wanted = int(os.environ.get("SEED", "1")), int(os.environ.get("KILLS", "200"))
    tally, failures = Tally(), list[str]()
    say(f"\nsoak: SEED={first} KILLS={wanted}")
    for number, (controllers, jobs) in enumerate(cycle(_SHAPES)):
        server = restartable_postgresql if number // 2 % 2 else None
        seed = 1000 * first + number
        options: dict[str, Any] = {"controllers": controllers, "jobs": jobs, "seed": seed}
        for fault in _faults(new_study, server, options, tally):
            failures.append(f"study {number} of SEED={first}: {fault}")
            say(failures[-1])
        say(f"study {number}: {tally.kills} kills, {tally.seconds:.0f} s")
        if tally.kills >= wanted or len(failures) >= _MOST_FAILURES:
            break
    say(tally.table())
    assert failures == []


def _faults(
    new_study: NewStudy, server: Server | None, options: dict[str, Any], tally: Tally
) -> Iterator[str]:
    seed = options["seed"]
    study = new_study(
        f"study-{seed}",
        server and server.create(),
        trials=8,
        seconds_per_step=0.04,
        frailty=15,
        is_long=True,
        **options,
    )
    try:
        kept = run(study, random.Random(seed), tally, _KILLS_A_STUDY, server)
        if options["controllers"] * options["jobs"] == 1:
            calm = run(new_study(f"calm-{seed}", trials=8, seed=seed), random.Random(seed), Tally())
            yield from differences(kept, calm)
    except FoundError as error:
        yield str(error)
