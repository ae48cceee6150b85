"""Killed by SIGKILL at any moment and started again, training ends with the same bits."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer import events
from trainer.checkpoint import Checkpoint
from trainer.events import EventReader
from trainer.paths import RunPaths

Command = Callable[..., list[str]]
Finish = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[[list[str]], subprocess.Popen[str]]

STEPS = 30
OPTIONS = ("--steps", str(STEPS), "--evaluate-every", "6")
EVERYTHING = {
    "use_ddc": True, "use_mmi": True, "use_gst": True, "gaf_interval": 4, "drop_frame_rate": 0.1,
    "grad_clip": "adaptive", "p_attention_dropout": 0.1, "p_decoder_dropout": 0.1,
    "micro_batch_size": 3, "batch_frames": 1200,
}  # fmt: skip


def furthest(run_dir: Path) -> int:
    path = RunPaths(run_dir).events
    steps = [e.step for e in EventReader(path).poll() if isinstance(e, events.Step)]
    return max(steps, default=0)


def same(one: Any, other: Any) -> bool:
    """Equal to the bit, however deep."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize(
    "hparams",
    [
        pytest.param({}, id="demo"),
        pytest.param(EVERYTHING, id="everything", marks=pytest.mark.slow),
        pytest.param({"precision": "fp16"}, id="fp16", marks=pytest.mark.slow),
    ],
)
def test_killed_at_five_random_steps(
    tmp_path: Path, trainer_command: Command, finish: Finish, start: Start, hparams: dict[str, Any]
) -> None:
    whole = finish(trainer_command(tmp_path / "whole", *OPTIONS, **hparams))
    assert whole.returncode == 0, whole.stderr
    kills = sorted(random.sample(range(1, STEPS), 5))
    command = trainer_command(tmp_path / "parts", *OPTIONS, **hparams)
    for kill in kills:
        process = start(command)
        while furthest(tmp_path / "parts") < kill and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = finish(command)
    assert done.returncode == 0, (kills, done.stderr)
    one, other = (
        Checkpoint.load(RunPaths(tmp_path / name).last_checkpoint) for name in ("whole", "parts")
    )
    assert one.continuation is not None
    assert other.continuation is not None
    assert same(dict(one.state_dict), dict(other.state_dict)), kills
    assert same(dict(one.optimizer), dict(other.optimizer)), kills
    assert same(one.continuation.random_states, other.continuation.random_states), kills
    assert same(one.continuation.scaler, other.continuation.scaler), kills
    assert one.best == other.best
    best = [Checkpoint.load(RunPaths(tmp_path / n).best_checkpoint) for n in ("whole", "parts")]
    assert best[0].iteration == best[1].iteration
    evaluations = [
        {e.step: e.metrics["quality"] for e in EventReader(RunPaths(tmp_path / n).events).poll()
         if isinstance(e, events.Evaluation)}
        for n in ("whole", "parts")
    ]  # fmt: skip
    assert evaluations[0] == evaluations[1]


def test_another_corpus_is_refused(
    tmp_path: Path, trainer_command: Command, finish: Finish, small_corpus: Path
) -> None:
    command = trainer_command(tmp_path / "run", "--steps", "2", "--evaluate-every", "2")
    assert finish(command).returncode == 0
    fewer = tmp_path / "fewer.txt"
    lines = small_corpus.read_text(encoding="utf-8").splitlines(keepends=True)
    fewer.write_text("".join(lines[:-1]), encoding="utf-8")
    command[command.index(str(small_corpus))] = str(fewer)
    command[command.index("2")] = "4"
    done = finish(command)
    assert done.returncode == 2
    assert "was trained on another corpus" in done.stderr


@pytest.mark.parametrize("workers", ["2"])
@pytest.mark.slow
def test_workers_change_no_bit(
    tmp_path: Path, trainer_command: Command, finish: Finish, workers: str
) -> None:
    paths = []
    for name, options in (("none", ()), ("some", ("--workers", workers))):
        done = finish(
            trainer_command(tmp_path / name, "--steps", "8", "--evaluate-every", "4", *options)
        )
        assert done.returncode == 0, done.stderr
        paths.append(RunPaths(tmp_path / name).last_checkpoint)
    one, other = (dict(Checkpoint.load(path).state_dict) for path in paths)
    assert same(one, other)


def test_every_nth_checkpoint_is_kept(
    tmp_path: Path, trainer_command: Command, finish: Finish
) -> None:
    done = finish(
        trainer_command(
            tmp_path / "run", "--steps", "8", "--evaluate-every", "8", "--keep-every", "4"
        )
    )
    assert done.returncode == 0, done.stderr
    kept = {path.name for path in RunPaths(tmp_path / "run").checkpoints.iterdir()}
    assert kept == {"last.pt", "best.pt", "step_0000004.pt", "step_0000008.pt"}
