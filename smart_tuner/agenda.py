"""What a study still has to run, and in which order."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.proposals import Proposal, Proposals
from storage.records import TrialRecord, TrialRole


class Agenda:
    """Unfinished trials first, then the known-good start, the probes, and what is asked."""

    def __init__(
        self, config: StudyConfig, proposals: Proposals, records: Iterable[TrialRecord]
    ) -> None:
        self._config, self._proposals = config, proposals
        self._begun = {r.number: Proposal(r.number, r.role, r.params) for r in records}
        self._to_resume: list[tuple[Proposal, float]] = []

    @property
    def waiting(self) -> int:
        """How many trials and probes are still to be started or taken up again."""
        return len(self.loads)

    @property
    def loads(self) -> list[float]:
        """Of each of these the share that is still to be run, in about their order."""
        new = self._new_trials() + len(self._open_probes())
        return [load for _, load in self._to_resume] + [1.0] * new

    def resume(self, proposal: Proposal, load: float = 1.0) -> None:
        """Put a trial that stopped with a checkpoint on the agenda again, for the rest of it."""
        self._to_resume.append((proposal, load))

    def begin(self, proposal: Proposal) -> None:
        """Note that a trial is no longer to be started."""
        self._begun[proposal.number] = proposal

    def next(self) -> Proposal | None:
        """What to run now, taken off the agenda; ``None`` where nothing is left."""
        if self._to_resume:
            return self._to_resume.pop(0)[0]
        first_trial = not any(p.role is TrialRole.TRIAL for p in self._begun.values())
        probes = self._open_probes()
        if probes and not first_trial:
            return self._proposals.next_probe(probes[0])
        if self._new_trials() > 0:
            return self._proposals.next_trial()
        return self._proposals.next_probe(probes[0]) if probes else None

    def _new_trials(self) -> int:
        asked = sum(proposal.role is TrialRole.TRIAL for proposal in self._begun.values())
        return max(0, self._config.study.trials - asked)

    def _open_probes(self) -> list[Mapping[str, Any]]:
        asked = [_stored(p.params) for p in self._begun.values() if p.role is TrialRole.PROBE]
        return [probe for probe in self._config.probes if _stored(probe) not in asked]


def _stored(params: Mapping[str, Any]) -> Any:
    """``params`` as a database gives them back: with lists for tuples."""
    return json.loads(json.dumps(dict(params)))
