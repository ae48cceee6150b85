"""How a study ends for the person who started it: the trials, the best one, its files."""

from rich.console import Console

from dashboards.terminal import best_panel, trials_table
from smart_tuner.advice import advice
from smart_tuner.config.study_config import StudyConfig
from smart_tuner.control.stopping import StopSwitch
from smart_tuner.exit_codes import TunerExit
from storage.database import Database
from storage.records import StudyState, TrialRecord
from storage.trials import Trials

_SHOWN = 200
"""Trials in the table."""


def print_results(
    console: Console,
    database: Database,
    config: StudyConfig,
    state: StudyState,
    stop: StopSwitch,
) -> TunerExit:
    """Print the table of trials and the best of them; how the study ended, as an exit code."""
    name = config.study.name
    trials = Trials(database)
    best = best_trials(trials, config)
    if state is StudyState.RUNNING and config.sinks.console:
        _print_line(console, f"This controller has left study '{name}', which others go on with.")
        return TunerExit.STOPPED
    if config.sinks.console:
        _print_newest(console, trials, name)
        for trial in best:
            console.print(best_panel(trial))
        _print_line(console, _last_line(name, state, bool(best), trials))
    if state is StudyState.PAUSED or (state is StudyState.STOPPED and not stop.by_timeout):
        return TunerExit.STOPPED
    return TunerExit.FINISHED if best else TunerExit.NO_RESULT


def best_trials(trials: Trials, config: StudyConfig) -> list[TrialRecord]:
    """The best trial; with several objectives, all that no other one beats in each."""
    if len(config.directions) > 1:
        return trials.pareto_front(config.study.name, config.directions)
    best = trials.best(config.study.name, config.directions[0])
    return [] if best is None else [best]


def _print_newest(console: Console, trials: Trials, name: str) -> None:
    """A table of ten thousand trials takes seconds to lay out, and nobody reads it."""
    newest = trials.newest(name, _SHOWN)
    console.print(trials_table(newest))
    if earlier := trials.count(name) - len(newest):
        _print_line(console, f"trials before them: {earlier}; 'smart-tuner trials --all' shows all")


def _print_line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _last_line(name: str, state: StudyState, found: bool, trials: Trials) -> str:
    if state is StudyState.STOPPED:
        return f"Study '{name}' stopped; start it again to continue where it is."
    if state is StudyState.PAUSED:
        return f"Study '{name}' stays paused: start it again, and resume it."
    if not found:
        line = f"Study '{name}' is finished, but no trial was completed: see the reasons above."
        return f"{line} {advice(trials.list_of(name))}".rstrip()
    return f"Study '{name}' is finished. Speak with: smart-tuner synthesize 'your text' out.wav"
