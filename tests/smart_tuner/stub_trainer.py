"""Speaks the trainer's protocol without training: for tests of whoever watches a trainer.

What comes of a run follows from its hparams: a learning rate above 1 runs out of memory, from 0.1
on the gradients explode, up to 1e-4 nothing aligns, and around 6e-3 lies the best quality. Where
``rescue`` is on they explode only after the first evaluation, and each explosion goes back to it
with a lower rate. With ``precision: fp16`` every fourth step is skipped. Without
``alignment_diagnostics`` nobody scores alignments. A file ``disk_full`` beside the run directories
is a full disk. Options make it hang, crash or run out of memory. It tells its stacks on request, as
the trainer does.
"""

import argparse
import json
import math
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from trainer.events import (
    Checkpoint,
    DebugReport,
    Diverged,
    Ended,
    Estimate,
    Evaluation,
    EventWriter,
    Gradient,
    LearningRateAdapted,
    Rescued,
    Started,
    Step,
    Warned,
)
from trainer.exit_codes import TrainerExit
from trainer.paths import RunPaths, write_text
from trainer.stack_dump import stacks_on_request
from trainer.stop import StopRequest

SWITCHES = {
    "gradient clipper": "grad_clip",
    "gradient stability monitor": "gradient_monitor",
    "smart LR adapter": "lr_adapter",
    "guided attention loss": "guide_loss_weight",
    "safe DDC loss": "use_ddc",
    "alignment diagnostics": "alignment_diagnostics",
    "debug reporter": "debug_report",
    "rescue": "rescue",
}
EXPLODING_RATE, EXPLOSION_STEPS = 0.1, 5
FOR_EVER = 600.0


def main() -> TrainerExit:
    """Play one command of the trainer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds-per-step", type=float, default=0.0)
    parser.add_argument("--deaf", action="store_true", help="hear no polite request to stop")
    parser.add_argument(
        "--hang-at", type=int, metavar="STEP",
        help="say nothing any more instead of making this step, and hear nothing, once in a run",
    )  # fmt: skip
    parser.add_argument(
        "--crash-at", type=int, metavar="STEP",
        help="be killed instead of making this step, once in a run",
    )  # fmt: skip
    parser.add_argument(
        "--memory-limit", type=int, metavar="N",
        help="run out of memory with more than N utterances at once",
    )  # fmt: skip
    parser.add_argument("--memory-mb", type=float, default=0.0, help="what an estimate says of it")
    parser.add_argument("command")
    parser.add_argument("--hparams-file", type=Path, required=True)
    parser.add_argument("--run-dir", type=Path)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--evaluate-every", type=int)
    parser.add_argument("--lease-seconds", type=float)
    arguments, _ = parser.parse_known_args()
    if arguments.command == "components":
        return components(yaml.safe_load(arguments.hparams_file.read_text()))
    paths = RunPaths(arguments.run_dir)
    stop = StopRequest(paths.lease, arguments.lease_seconds)
    stop.listen()
    print("environment:", json.dumps(dict(os.environ)), flush=True)
    with EventWriter(paths.events) as writer, stacks_on_request(paths.stacks):
        if arguments.command == "estimate":
            seconds = max(arguments.seconds_per_step, 0.01)
            writer.write(Estimate(seconds, 0.0, 0.0, memory_mb=arguments.memory_mb))
            code = TrainerExit.FINISHED
        else:
            code = Run(arguments, paths, stop, writer).train()
        writer.write(Ended(exit=code.name.lower(), message=""))
    return code


def components(hparams: dict[str, Any]) -> TrainerExit:
    """List what the trainer would be made of."""
    settings = {name: {switch: hparams[switch]} for name, switch in SWITCHES.items()}
    listed = [
        {"name": name, "on": hparams[switch] not in (False, 0, "none"), "room": "stub:x"}
        for name, switch in SWITCHES.items()
    ]
    print(json.dumps([{**one, "settings": settings[str(one["name"])]} for one in listed]))
    return TrainerExit.FINISHED


class Run:
    """One run, from its last checkpoint on."""

    def __init__(
        self, arguments: argparse.Namespace, paths: RunPaths, stop: StopRequest, writer: EventWriter
    ) -> None:
        self.arguments, self.paths, self.stop, self.writer = arguments, paths, stop, writer
        self.hparams = yaml.safe_load(paths.hparams.read_text())
        self.state: dict[str, Any] = {
            "step": 0, "best": None, "best_step": None, "factor": 1.0, "restarts": 0,
        }  # fmt: skip
        self.resumed = paths.last_checkpoint.exists()
        if self.resumed:
            self.state = json.loads(paths.last_checkpoint.read_text())
            if self.state["best_step"] == self.state["step"]:
                self.keep_as_best()  # whoever wrote it may have been killed before this
        self.good = dict(self.state)
        self.in_a_row = 0

    @property
    def rate(self) -> float:
        """The effective learning rate."""
        return float(self.hparams["learning_rate"] * self.state["factor"])

    def train(self) -> TrainerExit:
        """Go through the steps as the trainer does."""
        self.writer.write(self.started())
        while self.state["step"] < self.arguments.steps:
            if self.stop.reason and not self.arguments.deaf:
                return TrainerExit.STOPPED if self.save() else TrainerExit.UNWRITABLE
            if self.is_out_of_memory:
                return TrainerExit.OUT_OF_MEMORY
            self.fail_once()
            time.sleep(self.arguments.seconds_per_step)
            self.step()
            if self.hparams["rescue"] and self.in_a_row == EXPLOSION_STEPS and not self.rescue():
                return TrainerExit.DIVERGED
        return TrainerExit.UNWRITABLE if self.disk_is_full else TrainerExit.FINISHED

    @property
    def is_out_of_memory(self) -> bool:
        """Whether the learning rate says so, or the number of utterances at once."""
        at_once = self.hparams["micro_batch_size"] or self.hparams["batch_size"]
        limit = self.arguments.memory_limit
        return self.hparams["learning_rate"] > 1 or (limit is not None and at_once > limit)

    def fail_once(self) -> None:
        """Hang or crash where that was asked for and has not happened in this run yet."""
        if self.is_due(self.arguments.hang_at, self.paths.root / "hung"):
            time.sleep(FOR_EVER)
        if self.is_due(self.arguments.crash_at, self.paths.root / "crashed"):
            os.kill(os.getpid(), signal.SIGKILL)

    def is_due(self, at: int | None, marker: Path) -> bool:
        """Whether step ``at`` comes next, for the first time; the file ``marker`` remembers."""
        if at != self.state["step"] + 1 or marker.exists():
            return False
        marker.touch()
        return True

    def step(self) -> None:
        """One step, and the evaluation that is due after it."""
        step, every = self.state["step"] + 1, self.arguments.evaluate_every
        self.state["step"] = step
        metrics = {"train.loss": 1 / step, "gradient.norm": 1.0}
        skipped = self.hparams["precision"] == "fp16" and step % 4 == 0
        settled = not self.hparams["rescue"] or step > every
        self.in_a_row = self.in_a_row + 1 if self.rate >= EXPLODING_RATE and settled else 0
        if self.in_a_row:
            metrics["gradient.norm"] = 1e4
        if skipped:
            metrics["gradient.norm"] = math.inf
        self.writer.write(Step(step, metrics, skipped=skipped))
        if self.in_a_row == 1:
            self.writer.write(Gradient(step, "critical", 1e4, self.hparams["grad_norm_critical"]))
        if step % every == 0 or step == self.arguments.steps:
            self.evaluate()
            if not self.in_a_row:
                self.good = dict(self.state)

    def rescue(self) -> bool:
        """Go back with a lower rate; False where that was done often enough."""
        step, restarts = self.state["step"], self.state["restarts"] + 1
        report = self.paths.debug(step, "gradient_explosion", restarts)
        report.mkdir(parents=True, exist_ok=True)
        self.writer.write(DebugReport(step, "gradient_explosion", self.paths.relative(report)))
        if restarts > self.hparams["max_restarts"]:
            self.writer.write(Diverged(step, "gradient.norm", 1e4))
            return False
        factor = self.state["factor"] * self.hparams["rescue_factor"]
        self.state = {**self.good, "factor": factor, "restarts": restarts}
        to_step, self.in_a_row = self.state["step"], 0
        self.writer.write(Rescued(step, to_step, "gradient_explosion", restarts, factor))
        self.writer.write(LearningRateAdapted(to_step, factor, "rescue"))
        self.save()
        return True

    def evaluate(self) -> None:
        """Report scores, then keep the state, as the trainer does."""
        step, best, metrics = self.state["step"], self.state["best"], self.scores()
        value = metrics.get("quality", -metrics["validation.loss"])
        is_best = best is None or value > best
        if is_best:
            self.state |= {"best": value, "best_step": step}
        names = ["", ""]
        if not self.disk_is_full:
            for index, path in enumerate(
                (self.paths.alignment_png(step), self.paths.sample_wav(step))
            ):
                write_text(path, "")
                names[index] = self.paths.relative(path)
        self.writer.write(Evaluation(step, metrics, names[0], names[1], is_best, seconds=0.0))
        if self.save() and is_best:
            self.keep_as_best()

    def keep_as_best(self) -> None:
        """The last checkpoint is the best one too."""
        shutil.copyfile(self.paths.last_checkpoint, self.paths.best_checkpoint)

    def scores(self) -> dict[str, float]:
        """Every score that a study may want."""
        progress = self.state["step"] / self.arguments.steps
        quality = max(0.0, 0.9 - abs(math.log10(self.rate / 6e-3)) / 2) * progress
        aligned = self.rate > 1e-4
        scores = {
            "validation.loss": 2 - quality,
            "validation.mel_l1": 0.5 if aligned else 0.95,
            "mcd": 10 - self.hparams["guide_g"],
        }
        if self.hparams["alignment_diagnostics"]:
            alignment = 0.8 if aligned else 0.05
            scores["quality"] = quality
            scores["alignment.diagonal_score"] = scores["alignment.overall_score"] = alignment
        return scores

    def save(self) -> bool:
        """Write the last checkpoint; False where there is no room."""
        if self.disk_is_full:
            self.writer.write(Warned(self.state["step"], "the checkpoint can't be written: full"))
            return False
        write_text(self.paths.last_checkpoint, json.dumps(self.state))
        path = self.paths.relative(self.paths.last_checkpoint)
        self.writer.write(Checkpoint(self.state["step"], path))
        return True

    @property
    def disk_is_full(self) -> bool:
        """Whether a test says so."""
        return (self.paths.root.parent / "disk_full").exists()

    def started(self) -> Started:
        """The announcement of a run."""
        return Started(
            step=self.state["step"],
            steps=self.arguments.steps,
            resumed=self.resumed,
            pid=os.getpid(),
            hparams=self.hparams,
            versions={},
            n_parameters=1,
            n_training=16,
            n_held_out=4,
            baseline_mel_l1=1.0,
        )


if __name__ == "__main__":
    sys.exit(main())
