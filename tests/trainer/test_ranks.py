"""Two processes that train one model: ``torchrun``, gloo, on the CPU."""

import json
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer import events
from trainer.checkpoint import Checkpoint
from trainer.events import EventReader
from trainer.hparams import HParams
from trainer.paths import RunPaths
from trainer.ranks import Ranks

Command = Callable[..., list[str]]
Finish = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[[list[str]], subprocess.Popen[str]]

gradients = runpy.run_path(str(Path(__file__).parent / "gradients.py"))["gradients"]
TORCHRUN = [sys.executable, "-P", "-m", "torch.distributed.run", "--standalone",
            "--nproc-per-node", "2"]  # fmt: skip


def of_two(command: list[str]) -> list[str]:
    """``python -P -m trainer …`` under torchrun."""
    return [*TORCHRUN, "-m", *command[command.index("trainer") :]]


def told(run_dir: Path, kind: type[Any]) -> list[Any]:
    every = EventReader(RunPaths(run_dir).events).poll()
    return [event for event in every if isinstance(event, kind)]


@pytest.mark.parametrize("extras", [{}, {"use_mmi": True, "use_ddc": True, "use_gst": True}])
def test_two_ranks_have_the_gradient_of_one(
    tmp_path: Path, small_corpus: Path, cache_dir: Path, undropped: Callable[..., HParams],
    finish: Finish, extras: Any,
) -> None:  # fmt: skip
    hparams = undropped(batch_size=5, **extras)  # an odd number: shares differ
    alone = gradients(small_corpus, cache_dir, hparams, Ranks(0, 1, torch.device("cpu")))
    script, out = str(Path(__file__).parent / "gradients.py"), tmp_path / "gradients.pt"
    arguments = [str(small_corpus), str(cache_dir), str(out), hparams.model_dump_json()]
    done = finish([*TORCHRUN, script, *arguments])
    assert done.returncode == 0, done.stderr
    together = torch.load(out)
    for name, gradient in alone.items():
        norm = float(gradient.norm())
        assert float((together[name] - gradient).norm()) <= 1e-5 * max(norm, 1e-2), name


@pytest.mark.slow
def test_a_run_of_two_ranks_resumes_to_the_same_bits(
    tmp_path: Path, trainer_command: Command, finish: Finish, start: Start
) -> None:
    options = ("--steps", "12", "--evaluate-every", "4")
    hparams = {"encoder_dropout": 0.2, "use_mmi": True}
    whole = finish(of_two(trainer_command(tmp_path / "whole", *options, **hparams)))
    assert whole.returncode == 0, whole.stderr
    steps = told(tmp_path / "whole", events.Step)
    assert [e.step for e in steps] == list(range(1, 13))  # one process writes
    assert steps[-1].metrics["train.taco"] < steps[0].metrics["train.taco"]

    process = start(of_two(trainer_command(tmp_path / "parts", *options, **hparams)))
    while len(told(tmp_path / "parts", events.Step) if (tmp_path / "parts").exists() else ()) < 6:
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)  # torchrun hands it on to its workers
    process.wait(120)
    stopped_at = len(told(tmp_path / "parts", events.Step))
    assert stopped_at < 12
    resumed = finish(of_two(trainer_command(tmp_path / "parts", *options, **hparams)))
    assert resumed.returncode == 0, resumed.stderr
    one, other = (
        Checkpoint.load(RunPaths(tmp_path / name).last_checkpoint) for name in ("whole", "parts")
    )
    assert one.continuation is not None
    assert len(one.continuation.random_states) == 2
    assert all(torch.equal(one.state_dict[n], other.state_dict[n]) for n in one.state_dict)


def test_a_gpu_by_number_is_refused(
    tmp_path: Path, trainer_command: Command, finish: Finish
) -> None:
    command = trainer_command(tmp_path / "run", "--steps", "2")
    command[command.index("cpu")] = "cuda:0"
    done = finish(of_two(command))
    assert done.returncode != 0
    assert "device 'cuda:0': torchrun gives each of 2 processes its own GPU" in done.stderr
    assert not json.dumps(done.stdout).count("Traceback")
