"""What is measured: each case a few rows of the result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from benchmarks import audio, memory, sinks, speaking, start, studies, training
from benchmarks.controllers import latency, leftovers, locks, throughput
from benchmarks.rows import Meaning, Row, Unit, rows_of
from benchmarks.setting import Setting
from benchmarks.timing import Contestant, Series
from benchmarks.trainees import our_trainees, their_trainees
from benchmarks.workloads import Workload, demo, full
from trainer.exit_codes import BadInputError

MakeWorkload = Callable[..., Workload]


@dataclass(frozen=True)
class Case:
    """Contestants that do the same."""

    name: str
    """What ``--rows`` knows it by."""
    title: str
    """Of its rows, ``{part}`` where the part's name stands."""
    parts: tuple[str, ...]
    contestants: Callable[[Setting], list[Contestant]]
    cost: float
    """Roughly, of one run of all contestants in seconds: for the time left."""
    unit: Unit = "s"
    meaning: Meaning = "times better"
    most_repeats: int | None = None
    warm_up: bool = True
    note: str = ""
    """What else a reader of the rows should know."""

    def repeats(self, wanted: int) -> int:
        """How often it is measured."""
        return min(wanted, self.most_repeats or wanted)

    def runs(self, wanted: int) -> int:
        """How often each contestant runs, the warm-up included."""
        return self.repeats(wanted) + self.warm_up

    def rows(self, series: Sequence[Series]) -> list[Row]:
        """What was measured, as rows."""
        return rows_of(self.title, self.parts, series, self.unit, self.meaning)


def all_cases(*, quick: bool) -> tuple[Case, ...]:
    """In the order in which they are measured."""
    return (
        Case("mel", "mel, a {part}", audio.EXTRACTION_PARTS, audio.extraction, 0.5),
        Case("loading", "loading, an {part}", audio.LOADING_PARTS, audio.loading, 0.4),
        Case("start", "{part} to first step", start.PARTS, start.starts, 3.5,
             meaning="times the floor"),
        _steps("step-demo", demo(quick=quick), 1.0),
        _steps("step-8", full(2 if quick else 8, quick=quick), 65.0),
        _steps("step-32", full(3 if quick else 32, quick=quick), 80.0),
        _synthesis("synthesis-1", full(1, quick=quick), 4.0),
        _synthesis("synthesis-8", full(2 if quick else 8, quick=quick), 6.0),
        Case("study-readers", f"smart-tuner {{part}}, {studies.size(quick=quick).title}",
             studies.READERS, studies.readers, 4.0, meaning="above the floor"),
        Case("memory", f"memory of a step, {memory.remembered(quick=quick).title}", memory.PARTS,
             memory.rememberers, 90.0, "bytes", most_repeats=1, warm_up=False),
        *_controllers(quick=quick),
    )  # fmt: skip


def chosen_cases(patterns: Sequence[str], *, quick: bool) -> list[Case]:
    """Those whose names match one of the patterns.

    Raises:
        BadInputError: a pattern matches none.
    """
    cases = all_cases(quick=quick)
    for pattern in patterns:
        if not any(fnmatchcase(case.name, pattern) for case in cases):
            known = ", ".join(case.name for case in cases)
            raise BadInputError(f"--rows {pattern}: no such rows; there are {known}")
    return [case for case in cases if any(fnmatchcase(case.name, p) for p in patterns)]


def _steps(name: str, workload: Workload, cost: float) -> Case:
    title = f"{{part}}, {workload.title}"
    return Case(name, title, training.PARTS, partial(_trainees, workload), cost)


def _trainees(workload: Workload, setting: Setting) -> list[Contestant]:
    ours, theirs = our_trainees(workload, setting), their_trainees(workload, setting)
    return [
        Contestant(name, name in ours, partial(make().run, setting.clock))
        for name, make in {**ours, **theirs}.items()
    ]


def _synthesis(name: str, workload: Workload, cost: float) -> Case:
    title = f"synthesis, a {{part}}, {workload.title}"
    return Case(name, title, speaking.PARTS, partial(speaking.speakers, workload), cost)


def _controllers(*, quick: bool) -> tuple[Case, ...]:
    wall = "Rows of controllers: wall time; an idle machine."
    return (
        Case("controller-throughput", throughput.title(quick=quick), throughput.PARTS,
             throughput.runners, 330.0, meaning="times theirs", most_repeats=1, warm_up=False,
             note=wall),
        Case("controller-latency", latency.title(quick=quick), latency.PARTS, latency.reporters,
             110.0, meaning="times theirs", warm_up=False, note=wall),
        Case("controller-locks", locks.title(quick=quick), locks.PARTS, locks.readers, 40.0,
             meaning="times theirs", warm_up=False, note=wall),
        Case("controller-memory", "memory that a {part} leaves behind", leftovers.PARTS,
             leftovers.rememberers, 120.0, "bytes", meaning="above theirs", most_repeats=1,
             warm_up=False),
        Case("sinks", sinks.title(quick=quick), sinks.COST_PARTS, sinks.costs, 700.0,
             meaning="times theirs", most_repeats=1, warm_up=False,
             note="Rows of sinks: one study, the demo corpus; CPU time after the sink's start-up."),
        Case("sinks-memory", "memory of the {part} at the end of that trial", sinks.MEMORY_PARTS,
             sinks.rememberers, 1.0, "bytes", meaning="above the floor", most_repeats=1,
             warm_up=False),
    )  # fmt: skip
