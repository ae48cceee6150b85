"""What a person would want to know before the hours pass: warnings, time a trial, how many fit."""

import shutil
from collections.abc import Callable, Sequence

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.costs import Cost, cost_of, measure
from smart_tuner.health import is_too_short
from smart_tuner.launch.launcher import Launcher
from smart_tuner.resources.gpus import has_gpu
from smart_tuner.sinks.console import ConsoleSink


class Forecast:
    """Measures one trial's cost on this machine, and says what follows from it."""

    def __init__(self, config: StudyConfig, launcher: Launcher, sink: ConsoleSink) -> None:
        self._config, self._launcher, self._sink = config, launcher, sink

    def measure(self, name: str, go_on: Callable[[], bool]) -> Cost | None:
        """What one trial costs; ``None`` where that could not be measured.

        Args:
            name: of the measurement's folder, this controller's alone.
            go_on: asked all the time; False ends the measurement.

        Raises:
            BadInputError: the trainer found its input wrong.
        """
        self._warn_of_short_trials()
        self._sink.say("measuring what a trial costs on this machine ...")
        process = self._launcher.measure(name)
        estimate = measure(process, go_on, lambda p: self._sink.progress(p.what, p.done, p.total))
        if estimate is None:
            if go_on():
                self._sink.say(f"the cost could not be measured: see {process.paths.log}")
            return None
        shutil.rmtree(process.paths.root, ignore_errors=True)  # it has said what it was made for
        return cost_of(estimate, self._config)

    def tell(self, cost: Cost, loads: Sequence[float], slots: int) -> None:
        """Say what the study will cost.

        Args:
            cost: of one trial.
            loads: of each trial to come the share that is still to be run.
            slots: how many run at once.
        """
        self._sink.say(_cost_line(cost, loads, slots, self._config.study.timeout))
        self._tell_of_the_budget(cost)
        self._warn_without_gpu(cost, loads, slots)

    def _tell_of_the_budget(self, cost: Cost) -> None:
        study = self._config.study
        if study.budget is None:
            return
        search = study.budget * (1.0 - study.finish)
        line = f"a budget of {duration(study.budget)} buys about {cost.fitting(search, 1)} trials"
        if study.finish:
            line += f", and {duration(study.budget - search)} to go on with the best one"
        self._sink.say(line)

    def _warn_of_short_trials(self) -> None:
        steps = self._config.trainer.steps
        grace = self._config.grace_steps(self._config.hparams())
        if is_too_short(steps, grace):
            self._sink.say(
                f"warning: trials of {steps} steps are short for a grace period of {grace} steps: "
                "most will end before the alignment can be judged",
                style="yellow",
            )

    def _warn_without_gpu(self, cost: Cost, loads: Sequence[float], slots: int) -> None:
        if self._config.trainer.preset != "tacotron2" or has_gpu():
            return
        whole = cost.remaining(loads, slots)
        self._sink.say(
            "warning: no GPU here, and preset tacotron2 is the full published model: "
            f"about {duration(cost.seconds_per_trial)} a trial, {duration(whole)} in all; "
            "try --preset demo, or a machine with a GPU",
            style="yellow",
        )


def _cost_line(cost: Cost, loads: Sequence[float], slots: int, timeout: float | None) -> str:
    line = (
        f"about {duration(cost.seconds_per_trial)} a trial; {len(loads)} to go, {slots} at once: "
        f"at most about {duration(cost.remaining(loads, slots))}"
    )
    if timeout is not None:
        line += f"; about {cost.fitting(timeout, slots)} fit into {duration(timeout)}"
    return line


def duration(seconds: float) -> str:
    """``75 s``, ``12 min``, ``3.5 h`` or ``4.2 days``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
