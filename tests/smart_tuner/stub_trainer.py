"""Speaks the trainer's protocol without training: for tests of whoever watches a trainer.

What comes of a run follows from its hparams: a learning rate above 1 runs out of memory, from 0.1
on the gradients explode, up to 1e-4 nothing aligns, and around 6e-3 lies the best quality.
"""

import argparse
import json
import math
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from trainer.events import Checkpoint, Ended, Estimate, Evaluation, EventWriter, Started, Step
from trainer.exit_codes import TrainerExit
from trainer.paths import RunPaths, write_text
from trainer.stop import StopRequest


def main() -> TrainerExit:
    """Play one command of the trainer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds-per-step", type=float, default=0.0)
    parser.add_argument("--deaf", action="store_true", help="hear no polite request to stop")
    parser.add_argument("command")
    parser.add_argument("--run-dir", type=Path, required=True)
    parser.add_argument("--hparams-file", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--evaluate-every", type=int, required=True)
    parser.add_argument("--lease-seconds", type=float, required=True)
    arguments, _ = parser.parse_known_args()
    paths = RunPaths(arguments.run_dir)
    stop = StopRequest(paths.lease, arguments.lease_seconds)
    stop.listen()
    print("environment:", json.dumps(dict(os.environ)), flush=True)
    with EventWriter(paths.events) as writer:
        if arguments.command == "estimate":
            writer.write(Estimate(max(arguments.seconds_per_step, 0.01), 0.0, 0.0))
            code = TrainerExit.FINISHED
        else:
            code = train(arguments, paths, stop, writer)
        writer.write(Ended(exit=code.name.lower(), message=""))
    return code


def train(
    arguments: argparse.Namespace, paths: RunPaths, stop: StopRequest, writer: EventWriter
) -> TrainerExit:
    """Go through the steps as the trainer does, from the last checkpoint on."""
    hparams = yaml.safe_load(paths.hparams.read_text())
    state: dict[str, Any] = {"step": 0, "best": None}
    resumed = paths.last_checkpoint.exists()
    if resumed:
        state = json.loads(paths.last_checkpoint.read_text())
    writer.write(started(state["step"], arguments.steps, resumed, hparams))
    for step in range(state["step"] + 1, arguments.steps + 1):
        if stop.reason and not arguments.deaf:
            save(paths, state, writer)
            return TrainerExit.STOPPED
        if hparams["learning_rate"] > 1:
            return TrainerExit.OUT_OF_MEMORY
        time.sleep(arguments.seconds_per_step)
        norm = 1e4 if hparams["learning_rate"] >= 0.1 else 1.0
        writer.write(Step(step, {"train.loss": 1 / step, "gradient.norm": norm}))
        state["step"] = step
        if step % arguments.evaluate_every == 0 or step == arguments.steps:
            evaluate(paths, state, scores(hparams, step / arguments.steps), writer)
    return TrainerExit.FINISHED


def started(step: int, steps: int, resumed: bool, hparams: dict[str, Any]) -> Started:
    """The announcement of a run."""
    return Started(
        step=step,
        steps=steps,
        resumed=resumed,
        pid=os.getpid(),
        hparams=hparams,
        versions={},
        n_parameters=1,
        n_training=16,
        n_held_out=4,
        baseline_mel_l1=1.0,
    )


def scores(hparams: dict[str, Any], progress: float) -> dict[str, float]:
    """Every score that a study may want."""
    rate = hparams["learning_rate"]
    quality = max(0.0, 0.9 - abs(math.log10(rate / 6e-3)) / 2) * progress
    aligned = rate > 1e-4
    return {
        "quality": quality,
        "validation.loss": 2 - quality,
        "validation.mel_l1": 0.5 if aligned else 0.95,
        "mcd": 10 - hparams["guide_g"],
        "alignment.diagonal_score": 0.8 if aligned else 0.05,
        "alignment.overall_score": 0.8 if aligned else 0.05,
    }


def evaluate(
    paths: RunPaths, state: dict[str, Any], metrics: dict[str, float], writer: EventWriter
) -> None:
    """Report scores, then keep the state, as the trainer does."""
    step, best = state["step"], state["best"]
    is_best = best is None or metrics["quality"] > best
    state["best"] = metrics["quality"] if is_best else best
    picture, speech = paths.alignment_png(step), paths.sample_wav(step)
    for path in (picture, speech):
        write_text(path, "")
    picture_name, speech_name = paths.relative(picture), paths.relative(speech)
    writer.write(Evaluation(step, metrics, picture_name, speech_name, is_best, seconds=0.0))
    save(paths, state, writer)
    if is_best:
        shutil.copyfile(paths.last_checkpoint, paths.best_checkpoint)


def save(paths: RunPaths, state: dict[str, Any], writer: EventWriter) -> None:
    """Write the last checkpoint."""
    write_text(paths.last_checkpoint, json.dumps(state))
    writer.write(Checkpoint(state["step"], paths.relative(paths.last_checkpoint)))


if __name__ == "__main__":
    sys.exit(main())
