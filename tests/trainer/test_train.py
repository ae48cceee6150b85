"""Training runs as real processes: what they write, how they end, how they go on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import yaml
from PIL import Image

from trainer import events
from trainer.checkpoint import Checkpoint
from trainer.events import EventReader
from trainer.hparams import HParams
from trainer.paths import RunPaths

Command = Callable[..., list[str]]
Finish = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[[list[str]], subprocess.Popen[str]]

STEP_METRICS = {
    "train.loss", "train.taco", "train.atten", "train.gate", "train.guide", "train.mmi",
    "train.emb", "train.learning_rate", "gradient.norm", "system.steps_per_second",
}  # fmt: skip


def told(run_dir: Path, kind: type[Any] | None = None) -> list[Any]:
    every = EventReader(RunPaths(run_dir).events).poll()
    return [event for event in every if kind is None or isinstance(event, kind)]


def summary(run_dir: Path) -> str:
    """The order of events, runs of steps as one, without how far a slow preparation was."""
    names = " ".join(event.name for event in told(run_dir) if event.name != "preparing")
    return re.sub(r"step( step)*", "steps", names)


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return dict(Checkpoint.load(checkpoint).state_dict)


def wait_for(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def steps_done(run_dir: Path) -> int:
    return len(told(run_dir, events.Step)) if RunPaths(run_dir).events.exists() else 0


def test_events_in_order(trained_run: Path) -> None:
    assert summary(trained_run) == (
        "header started steps evaluation checkpoint steps evaluation checkpoint ended"
    )
    assert [e.step for e in told(trained_run, events.Step)] == list(range(1, 25))
    assert [e.step for e in told(trained_run, events.Evaluation)] == [12, 24]
    assert told(trained_run)[-1] == events.Ended("finished", "", told(trained_run)[-1].time)
    times = [event.time for event in told(trained_run)]
    assert times == sorted(times)


def test_how_it_started(trained_run: Path) -> None:
    (started,) = told(trained_run, events.Started)
    assert (started.step, started.steps, started.resumed) == (0, 24, False)
    assert (started.n_training, started.n_held_out) == (20, 4)
    assert 30_000 < started.n_parameters < 40_000
    assert 0.5 < started.baseline_mel_l1 < 4.0
    assert started.versions["torch"] == str(torch.__version__)
    hparams = HParams.model_validate(dict(started.hparams))
    assert (hparams.symbols, hparams.attention_dim) == ("en", 8)
    written = yaml.safe_load(RunPaths(trained_run).hparams.read_text(encoding="utf-8"))
    assert HParams.model_validate(written) == hparams


def test_what_a_step_says(trained_run: Path, dataset: Any) -> None:
    steps = told(trained_run, events.Step)
    assert all(set(step.metrics) == STEP_METRICS for step in steps)
    assert all(np.isfinite(list(step.metrics.values())).all() for step in steps)
    first = steps[0].metrics
    assert first["train.atten"] == first["train.mmi"] == first["train.emb"] == 0.0
    total = 0.4 * first["train.taco"] + 0.3 * first["train.gate"] + first["train.guide"]
    assert first["train.loss"] == pytest.approx(total, rel=1e-4)
    rates = [step.metrics["train.learning_rate"] for step in steps]
    assert rates[0] == 6e-3
    assert rates == sorted(rates, reverse=True)
    losses = [step.metrics["train.taco"] for step in steps]
    assert np.mean(losses[-4:]) < 0.75 * np.mean(losses[:4])


def test_what_a_validation_says(trained_run: Path) -> None:
    for event in told(trained_run, events.Evaluation):
        assert {"validation.loss", "quality", "mcd", "free_run.retrieval_rate"} <= set(
            event.metrics
        )
        assert {"alignment.diagonal_score", "gate.missed_rate"} <= set(event.metrics)
        assert event.metrics["system.memory_mb"] > 50
        assert event.seconds > 0
        with Image.open(trained_run / event.alignment_png) as picture:
            assert min(picture.size) >= 400
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 100
        info = soundfile.info(trained_run / event.sample_wav)
        assert (info.samplerate, info.channels, info.subtype) == (22_050, 1, "PCM_16")
        assert info.frames > 0
    assert next(e.best for e in told(trained_run, events.Evaluation))


def test_checkpoints_are_those_that_events_name(trained_run: Path) -> None:
    paths = RunPaths(trained_run)
    assert [e.step for e in told(trained_run, events.Checkpoint)] == [12, 24]
    last = Checkpoint.load(trained_run / told(trained_run, events.Checkpoint)[-1].path)
    assert last.iteration == 24
    best = [e for e in told(trained_run, events.Evaluation) if e.best][-1]
    assert last.best is not None
    assert (last.best.step, last.best.value) == (best.step, best.metrics["quality"])
    assert Checkpoint.load(paths.best_checkpoint).iteration == best.step
    evaluations = told(trained_run, events.Evaluation)
    assert best.metrics["quality"] == max(e.metrics["quality"] for e in evaluations)


def test_nothing_else_is_left(trained_run: Path) -> None:
    files = {str(p.relative_to(trained_run)) for p in trained_run.rglob("*") if p.is_file()}
    assert files == {
        "checkpoints/best.pt", "checkpoints/last.pt", "events.jsonl", "hparams.yaml",
        "samples/alignment_0000012.png", "samples/alignment_0000024.png",
        "samples/sample_0000012.wav", "samples/sample_0000024.wav",
    }  # fmt: skip


def test_stopped_by_sigterm_then_resumed_to_the_same_bits(
    tmp_path: Path, trained_run: Path, trainer_command: Command, start: Start, finish: Finish
) -> None:
    command = trainer_command(tmp_path / "run", "--steps", "24", "--evaluate-every", "12")
    process = start(command)
    wait_for(lambda: steps_done(tmp_path / "run") >= 3 or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 3
    stopped_at = steps_done(tmp_path / "run")
    assert 3 <= stopped_at < 24
    assert Checkpoint.load(RunPaths(tmp_path / "run").last_checkpoint).iteration == stopped_at
    checkpoint, ended = told(tmp_path / "run")[-2:]
    assert (checkpoint.name, checkpoint.step) == ("checkpoint", stopped_at)
    assert (ended.name, ended.exit) == ("ended", "stopped")

    resumed = finish(command)
    assert resumed.returncode == 0, resumed.stderr
    started = told(tmp_path / "run", events.Started)
    assert [(s.step, s.resumed) for s in started] == [(0, False), (stopped_at, True)]
    assert [e.step for e in told(tmp_path / "run", events.Step)] == list(range(1, 25))
    whole, parts = (weights(RunPaths(r).last_checkpoint) for r in (trained_run, tmp_path / "run"))
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    one, other = (told(r, events.Evaluation)[-1] for r in (trained_run, tmp_path / "run"))
    same = set(one.metrics) - {"system.memory_mb", "system.steps_per_second"}
    assert {name: one.metrics[name] for name in same} == {n: other.metrics[n] for n in same}
    assert (trained_run / one.sample_wav).read_bytes() == (
        tmp_path / "run" / other.sample_wav
    ).read_bytes()


def test_a_finished_run_is_not_trained_again(
    tmp_path: Path, trained_run: Path, trainer_command: Command, finish: Finish
) -> None:
    copy = tmp_path / "run"
    subprocess.run(["cp", "-r", str(trained_run), str(copy)], check=True)
    before = RunPaths(copy).last_checkpoint.read_bytes()
    again = finish(trainer_command(copy, "--steps", "24", "--evaluate-every", "12"))
    assert again.returncode == 0
    assert summary(copy).endswith("ended started ended")
    assert RunPaths(copy).last_checkpoint.read_bytes() == before
    assert "trained to step 24 already" in again.stderr

    fewer = finish(trainer_command(copy, "--steps", "12"))
    assert fewer.returncode == 2
    assert "last.pt is of step 24, beyond --steps 12" in fewer.stderr

    other = finish(trainer_command(copy, "--steps", "24", learning_rate=1e-3))
    assert other.returncode == 2
    assert "another learning_rate (0.006, now 0.001)" in other.stderr
    assert RunPaths(copy).last_checkpoint.read_bytes() == before


def test_a_lapsed_lease_ends_it(tmp_path: Path, trainer_command: Command, start: Start) -> None:
    lease = RunPaths(tmp_path / "run").lease
    lease.parent.mkdir()
    lease.touch()
    process = start(
        trainer_command(
            tmp_path / "run", "--steps", "5000", "--evaluate-every", "5000", "--lease-seconds", "3"
        )
    )

    def renewed() -> bool:
        os.utime(lease)
        return steps_done(tmp_path / "run") >= 2 or process.poll() is not None

    wait_for(renewed)
    assert process.poll() is None, "it left although its lease was renewed"
    assert process.wait(120) == 3
    (checkpoint,) = told(tmp_path / "run", events.Checkpoint)
    assert checkpoint.step == steps_done(tmp_path / "run") >= 2
    assert told(tmp_path / "run")[-1].exit == "stopped"


def test_diverged(tmp_path: Path, trainer_command: Command, finish: Finish) -> None:
    """Adam divides by the root of a mean square plus epsilon: by 0 where a ReLU is dead."""
    done = finish(
        trainer_command(tmp_path / "run", "--steps", "8", adam_epsilon=1e-300, rescue=False)
    )
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    diverged, ended = told(tmp_path / "run")[-2:]
    assert (diverged.name, diverged.quantity) == ("diverged", "train.loss")
    assert np.isnan(diverged.value)
    assert diverged.step == steps_done(tmp_path / "run") + 1
    assert ended.exit == "diverged"
    assert not RunPaths(tmp_path / "run").last_checkpoint.exists()


def test_estimate(tmp_path: Path, trainer_command: Command, finish: Finish) -> None:
    command = trainer_command(tmp_path / "run")
    position = command.index("trainer") + 1
    done = finish([*command[:position], "estimate", *command[position:]])
    assert done.returncode == 0, done.stderr
    assert summary(tmp_path / "run") == "header estimate ended"
    (estimate,) = told(tmp_path / "run", events.Estimate)
    assert 0 < estimate.seconds_per_step < 5
    assert 0 < estimate.seconds_per_evaluation < 30
    assert 0 < estimate.seconds_to_start < 60
    assert 50 < estimate.memory_mb < 5000
    assert estimate.gpu_memory_mb == 0.0
    assert not RunPaths(tmp_path / "run").last_checkpoint.exists()


@pytest.mark.parametrize("objective", ["val_loss"])
def test_best_by_another_objective(
    tmp_path: Path, trainer_command: Command, finish: Finish, objective: str
) -> None:
    options = ("--steps", "4", "--evaluate-every", "2", "--objective", objective)
    assert finish(trainer_command(tmp_path / "run", *options)).returncode == 0
    evaluations = told(tmp_path / "run", events.Evaluation)
    losses = [e.metrics["validation.loss"] for e in evaluations]
    lowest = [loss == min(losses[: i + 1]) for i, loss in enumerate(losses)]
    assert [e.best for e in evaluations] == lowest
    best = Checkpoint.load(RunPaths(tmp_path / "run").best_checkpoint)
    assert best.iteration == evaluations[int(np.argmin(losses))].step


def test_a_run_directory_is_for_one_process(
    tmp_path: Path, trainer_command: Command, start: Start, finish: Finish
) -> None:
    command = trainer_command(tmp_path / "run", "--steps", "5000", "--evaluate-every", "5000")
    process = start(command)
    wait_for(lambda: steps_done(tmp_path / "run") >= 1 or process.poll() is not None)
    second = finish(command)
    assert second.returncode == 2
    assert second.stderr.startswith(f"error: run directory {tmp_path / 'run'} is in use")
    assert len(second.stderr.splitlines()) == 1
    assert process.poll() is None
    process.kill()
    process.wait()
    assert len(told(tmp_path / "run", events.Started)) == 1
    assert finish(["flock", "-n", str(tmp_path / "run" / "events.jsonl"), "true"]).returncode == 0


def test_unknown_command(finish: Finish) -> None:
    done = finish([sys.executable, "-m", "trainer", "trian"])
    assert done.returncode == 2
    known = "train, estimate, components, synthesize, export"
    assert done.stderr == f"error: unknown command 'trian'; known are {known}\n"


def test_the_log_is_for_people(trained: subprocess.CompletedProcess[str]) -> None:
    assert trained.stdout == ""
    assert "20 utterances to train on, 4 held out" in trained.stderr
    assert "step 24: quality" in trained.stderr
    for line in trained.stderr.splitlines():
        with pytest.raises(json.JSONDecodeError):
            json.loads(line)
