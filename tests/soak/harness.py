"""Runs a study to its end, disturbed or not, and says what came of it."""

import random
import time

from .crew import Crew, FoundError
from .databases import PostgresqlDatabase, Server, SqliteFile
from .faults import Injector
from .plans import MARK
from .study import Study
from .tally import Tally
from .verdict import Kept, faults_of
from .witness import Witness, redone

_TICK_SECONDS = 0.02
_PATIENCE_SECONDS = 100.0
"""Without any event of any trainer; a lease takes 60 s."""


def run(study: Study, rng: random.Random, tally: Tally, kills: int = 0,
        server: Server | None = None) -> Kept:  # fmt: skip
    """Run ``study``, and judge it.

    Args:
        study: in a folder of its own.
        rng: where chance comes from.
        tally: where all is noted.
        kills: at most so many.
        server: what its database lies on, where that is PostgreSQL.

    Raises:
        FoundError: it did not stand it.
    """
    began = time.monotonic()
    database, until = _database(study, server), tally.kills + kills
    crew = Crew(study, rng, tally, lambda: tally.kills >= until)
    with Witness(study) as witness:
        injector = Injector(study, crew, witness, database, rng, tally, until)
        try:
            _go_through(crew, witness, injector)
        except FoundError as error:
            raise FoundError(f"{error}\n{_words(study, injector)}") from None
        finally:
            injector.heal()
            crew.end()
            left = study.trainers()
            if not crew.is_done:
                for process in left:
                    process.kill()
    kept = Kept(study)
    faults = list(faults_of(study, kept, witness.said))
    if faults:
        raise FoundError("\n".join([*faults, _words(study, injector)]))
    _count(study, kept, witness, tally)
    tally.seconds += time.monotonic() - began
    return kept


def _database(study: Study, server: Server | None) -> SqliteFile | PostgresqlDatabase:
    if server is None:
        return SqliteFile(study.folder / "smart_tuner.db")
    return PostgresqlDatabase(server, study.url)


def _go_through(crew: Crew, witness: Witness, injector: Injector) -> None:
    heard, at = witness.count, time.monotonic()
    while not crew.is_done:
        crew.keep()
        injector.tick()
        if witness.count != heard or injector.is_busy:
            heard, at = witness.count, time.monotonic()
        if time.monotonic() - at > _PATIENCE_SECONDS:
            raise FoundError(f"nothing happens any more\n{crew.stacks()}")
        time.sleep(_TICK_SECONDS)


def _words(study: Study, injector: Injector) -> str:
    return "\n".join([f"in {study}:", *injector.history[-15:]])


def _count(study: Study, kept: Kept, witness: Witness, tally: Tally) -> None:
    kind = "sqlite" if study.is_sqlite else "postgresql"
    tally.studies[f"{kind}, {study.controllers} x {study.jobs} at once"] += 1
    tally.counts["trials"] += len(kept.trials)
    tally.counts["attempts"] += len(kept.attempts)
    tally.counts["observations"] += len(kept.observations)
    tally.counts["steps"] += witness.steps
    logs = study.runs.glob("*/trainer.log")
    tally.faults["trainer killed"] += sum(MARK in line for log in logs for line in log.open())
    for said in witness.said.values():
        tally.redone += redone(said)
