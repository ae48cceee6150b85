"""What a study that was disturbed must be at its end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from smart_tuner.doctor.examination import Outcome, examine
from storage.attempts import Attempts
from storage.database import Database, open_database
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.progress import Progress
from storage.records import AttemptRecord, EventRecord, StudyRecord, StudyState, TrialRecord
from storage.records import TrialRole as Role
from storage.records import TrialState as State
from storage.studies import Studies
from storage.trials import Trials
from trainer.events import Event

from .study import EVALUATE_EVERY, NAME, PROBES, SECTIONS, Study
from .witness import evaluations, redone

_OPTUNAS = {
    State.COMPLETE: OptunaState.COMPLETE,
    State.PRUNED: OptunaState.PRUNED,
    State.FAILED: OptunaState.FAIL,
}
_STEPS = SECTIONS["trainer"]["steps"]


class Kept:
    """All that both sides of a database hold of a study."""

    def __init__(self, study: Study) -> None:
        with open_database(study.url) as database:
            self.trials: list[TrialRecord] = Trials(database).list_of(NAME)
            self.attempts: list[AttemptRecord] = Attempts(database).list_of(NAME)
            self.observations: list[EventRecord] = Events(database).list_of(
                NAME, kinds=["evaluation"]
            )
            self.ends: list[EventRecord] = Events(database).list_of(NAME, kinds=["ended"])
            self.running = Progress(database).list_of(NAME)
            self.best = Trials(database).best(NAME)
            self.study: StudyRecord = _found(Studies(database).get(NAME))
            self.told: list[FrozenTrial] = _told(database)
            self.examined = examine(database, NAME, mend=False)

    def observed(self, number: int) -> list[EventRecord]:
        """Our rows of a trial's evaluations."""
        return [row for row in self.observations if row.number == number]


def _found(record: StudyRecord | None) -> StudyRecord:
    assert record is not None
    return record


def _told(database: Database) -> list[FrozenTrial]:
    storage = optuna_storage(database)
    try:
        return optuna.load_study(study_name=NAME, storage=storage).get_trials()
    finally:
        close_optuna_storage(storage)


def faults_of(study: Study, kept: Kept, said: dict[int, list[Event]]) -> Iterator[str]:
    """What is wrong, one line each; nothing where the study stood it all."""
    yield from _of_study(study, kept)
    yield from _of_processes(study)
    for attempt in kept.attempts:
        if attempt.ended_at is None or attempt.cause is None:
            yield f"an attempt is open: {attempt}"
    for trial, told in zip(kept.trials, kept.told, strict=False):
        for fault in _of_trial(trial, told, kept.observed(trial.number), said[trial.number]):
            yield f"trial {trial.number}: {fault}"


def _of_study(study: Study, kept: Kept) -> Iterator[str]:
    numbers = list(range(study.trials + len(PROBES)))
    for side, found in (("ours", kept.trials), ("Optuna's", kept.told)):
        if [trial.number for trial in found] != numbers:
            yield f"{side} are the trials {[t.number for t in found]}, not {numbers}"
    tried = [dict(trial.params) for trial in kept.trials if trial.role is Role.TRIAL]
    yield from (f"tried twice: {one}" for n, one in enumerate(tried) if one in tried[:n])
    if sum(trial.role is Role.PROBE for trial in kept.trials) != len(PROBES):
        yield f"not {len(PROBES)} of them are probes"
    if kept.study.state is not StudyState.FINISHED:
        yield f"the study is {kept.study.state.value}"
    if kept.study.asking is not None:
        yield f"{kept.study.asking} still has the turn"
    for result in kept.examined.results:
        if result.outcome is not Outcome.NOTED:
            yield f"the doctor finds: {result.finding}"
    if kept.running:
        yield f"progress is left: {kept.running}"


def _of_processes(study: Study) -> Iterator[str]:
    for process in study.trainers():
        yield f"a trainer is left: {process}"
    for log in study.runs.glob("*/trainer.log"):
        if "BlockingIOError" in log.read_text(encoding="utf-8", errors="replace"):
            yield f"two trainers at once: {log}"


def _of_trial(
    trial: TrialRecord, told: FrozenTrial, rows: list[EventRecord], said: list[Event]
) -> Iterator[str]:
    if not trial.state.ended or not told.state.is_finished():
        yield f"never ended: ours is {trial.state}, Optuna's {told.state.name}"
        return
    if trial.state is State.FAILED:
        yield f"failed: {trial.reason} {trial.evidence}"
    if trial.pid is not None:
        yield f"has process {trial.pid}"
    yield from _of_both_sides(trial, told)
    yield from _of_observations(trial, told, rows, said)
    yield from _of_checkpoints(trial)
    worst = max(redone(said), default=0)
    if worst > EVALUATE_EVERY:
        yield f"{worst} steps were made once more"


def _of_both_sides(trial: TrialRecord, told: FrozenTrial) -> Iterator[str]:
    is_probe = trial.role is Role.PROBE
    if told.state is not (OptunaState.FAIL if is_probe else _OPTUNAS[trial.state]):
        yield f"ours is {trial.state}, Optuna's {told.state.name}"
    params = told.user_attrs["params"] if is_probe else told.params
    if dict(trial.params) != params:
        yield f"ours has {trial.params}, Optuna's {params}"
    if told.state is OptunaState.COMPLETE and told.values != [trial.value]:
        yield f"ours is worth {trial.value}, Optuna's {told.values}"


def _scores(row: EventRecord) -> dict[str, Any]:
    """An evaluation's own; the controller keeps the gradient of the steps before it beside them."""
    return {name: value for name, value in row.payload.items() if name != "gradient.norm"}


def _of_observations(
    trial: TrialRecord, told: FrozenTrial, rows: list[EventRecord], said: list[Event]
) -> Iterator[str]:
    """Each once, with its values; none that came after the verdict on the trial."""
    values: dict[int, dict[str, Any]] = {}
    for event in evaluations(said):
        if values.setdefault(event.step, dict(event.metrics)) != event.metrics:
            yield f"two evaluations of step {event.step} differ"
    last = trial.step if trial.state is State.PRUNED and trial.step is not None else _STEPS
    wanted = {step: values[step] for step in sorted(values) if step <= last}
    if [(row.step, _scores(row)) for row in rows] != list(wanted.items()):
        yield f"evaluated at {list(wanted)}; in our rows {[row.step for row in rows]}"
    qualities = {step: metrics["quality"] for step, metrics in wanted.items()}
    expected = {} if trial.role is Role.PROBE else qualities
    if told.intermediate_values != expected:
        yield f"evaluated at {list(expected)}; Optuna has {list(told.intermediate_values)}"


def _of_checkpoints(trial: TrialRecord) -> Iterator[str]:
    """What is kept of a trial can be gone on from, and is what the trial is said to be worth."""
    if trial.checkpoint is None:
        if trial.state is State.COMPLETE:
            yield "no checkpoint"
        return
    path = Path(trial.checkpoint)
    if not path.exists():
        yield f"{path} is not there"
        return
    state = json.loads(path.read_text(encoding="utf-8"))
    if trial.state is State.COMPLETE and state["best"] != trial.value:
        yield f"its checkpoint is worth {state['best']}, not {trial.value}"


def result_of(kept: Kept) -> list[dict[str, Any]]:
    """What a study with a fixed seed and one worker always comes to.

    How a trial stands is not a part of it: there a trainer that was killed is remembered.
    """
    best = None if kept.best is None else kept.best.number
    return [
        {
            "number": trial.number,
            "is_best": trial.number == best,
            "role": trial.role,
            "params": dict(trial.params),
            "state": trial.state,
            "reason": trial.reason,
            "evidence": dict(trial.evidence),
            "value": trial.value,
            "metrics": dict(trial.metrics),
            "checkpoint": _best_checkpoint(trial),
            "step": trial.step,
            "observations": [(row.step, dict(row.payload)) for row in kept.observed(trial.number)],
            "told": (told.state, told.params, told.values, told.intermediate_values),
            "attributes": (told.user_attrs, told.distributions, told.constraints),
        }
        for trial, told in zip(kept.trials, kept.told, strict=True)
    ]


def _best_checkpoint(trial: TrialRecord) -> str | None:
    """Of a pruned trial none may be left: its trainer was killed before it had made one."""
    if trial.state is State.PRUNED or trial.checkpoint is None:
        return None
    return Path(trial.checkpoint).name


def differences(kept: Kept, calm: Kept) -> list[str]:
    """Where a study came to something else than an undisturbed one."""
    return [
        f"trial {number}: {name} is {found[name]}, undisturbed {expected[name]}"
        for number, (found, expected) in enumerate(
            zip(result_of(kept), result_of(calm), strict=True)
        )
        for name in expected
        if found[name] != expected[name]
    ]
