"""What of a trial's events is kept and said: each once, however often its file is read."""

import json
from collections.abc import Mapping
from typing import Any

from smart_tuner.control.incidents import INCIDENTS, Incident, line, payload
from smart_tuner.control.ledger import Ledger
from smart_tuner.control.trial_run import TrialRun
from smart_tuner.sinks.console import ConsoleSink
from trainer.events import Evaluation, Event, Rescued

EVALUATION = Evaluation.name
_RESCUED = Rescued.name
_KEPT = (EVALUATION, *(kind.name for kind in INCIDENTS))
_Key = tuple[str, int | None, str, int]


class Chronicle:
    """Of one study. A controller that takes up a trial reads its events from the first on.

    A resumed trainer repeats steps, and says the same of them again: that is kept once. A rescued
    one repeats steps with another learning rate: what it says of them now is news.
    """

    def __init__(self, ledger: Ledger, sink: ConsoleSink) -> None:
        self._ledger, self._sink = ledger, sink
        self._known: dict[int, set[_Key]] = {}

    def open(self, number: int, *, is_new: bool = False) -> None:
        """Recall what is kept of a trial already; of a new one that is nothing."""
        known: set[_Key] = set()
        rescues = 0
        for record in [] if is_new else self._ledger.kept_events(number, _KEPT):
            rescues += record.kind == _RESCUED
            fields = {} if record.kind == EVALUATION else record.payload
            known.add(_key(record.kind, record.step, fields, rescues))
        self._known[number] = known

    def close(self, number: int) -> None:
        """Forget a trial that has ended."""
        self._known.pop(number, None)

    def take(self, run: TrialRun, event: Event) -> None:
        """Keep an event, if it is one that is kept, and is news."""
        rescues = run.history.restarts.total
        if isinstance(event, Evaluation):
            # News or not: the last that says it is the best is what the checkpoint holds.
            is_news = self._is_news(run, _key(event.name, event.step, {}, rescues))
            self._ledger.evaluated(run, event, run.assessment(), is_news=is_news)
        elif isinstance(event, INCIDENTS):
            fields = payload(event, run.process.paths.root)
            if self._is_news(run, _key(event.name, event.step, fields, rescues)):
                self._ledger.note(event.name, run.number, event.step, fields, event.time)
                self._say(run, event)

    def _is_news(self, run: TrialRun, key: _Key) -> bool:
        known = self._known[run.number]
        is_news = key not in known
        known.add(key)
        return is_news

    def _say(self, run: TrialRun, incident: Incident) -> None:
        text = line(incident, run.process.paths.root)
        if text is not None:
            self._sink.say(f"{run.name} at step {incident.step}: {text}", style="yellow")


def _key(kind: str, step: int | None, fields: Mapping[str, Any], rescues: int) -> _Key:
    """Evaluations without their scores: a resumed run's speed and memory differ."""
    return (kind, step, json.dumps(dict(fields), sort_keys=True), rescues)
