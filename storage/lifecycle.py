"""The life of a trial: its states, and which may follow which.

::

    queued ─▶ starting ─▶ running ─▶ complete | pruned | failed
                 │          │  ▲
                 │          ▼  └───────────────────────────┐
                 │        pausing ─▶ paused ─▶ resuming ───┤
                 └──────────▶ lost (its trainer is gone) ──┘

Every change is one compare-and-set in the database: who finds the trial in no state that the new
one may follow, or in somebody else's hands, changes nothing.
"""

from collections.abc import Mapping

from storage.records import TrialState as S

_ENDS = frozenset({S.COMPLETE, S.PRUNED, S.FAILED})
SUCCESSORS: Mapping[S, frozenset[S]] = {
    S.QUEUED: frozenset({S.STARTING, S.FAILED, S.PRUNED}),
    S.STARTING: frozenset({S.RUNNING, S.PAUSING, S.PAUSED, S.LOST, *_ENDS}),
    S.RUNNING: frozenset({S.PAUSING, S.PAUSED, S.RESUMING, S.LOST, *_ENDS}),
    S.PAUSING: frozenset({S.PAUSED, S.RESUMING, S.LOST, *_ENDS}),
    S.PAUSED: frozenset({S.RESUMING, *_ENDS}),
    S.RESUMING: frozenset({S.RUNNING, S.PAUSING, S.PAUSED, S.LOST, *_ENDS}),
    S.LOST: frozenset({S.RUNNING, S.RESUMING, *_ENDS}),
    S.COMPLETE: frozenset(),
    S.PRUNED: frozenset(),
    S.FAILED: frozenset(),
}
"""What each state may turn into. A trial that ends early (``lost`` included) may still have ended
well: its trainer finished while nobody looked."""


def predecessors(state: S) -> frozenset[S]:
    """The states that ``state`` may follow."""
    return frozenset(before for before, after in SUCCESSORS.items() if state in after)
