"""What real runs do rarely: each ends in the documented way, none in a traceback or in damage."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer import cli, events
from trainer.checkpoint import Checkpoint
from trainer.events import EventReader
from trainer.exit_codes import TrainerExit
from trainer.paths import RunPaths

Command = Callable[..., list[str]]
Finish = Callable[..., subprocess.CompletedProcess[str]]

FAULTY = str(Path(__file__).parent / "faulty_trainer.py")


@dataclass(frozen=True)
class Run:
    """A run with a fault, ended."""

    code: int
    log: str
    paths: RunPaths

    def told(self, kind: type[Any]) -> list[Any]:
        return [e for e in EventReader(self.paths.events).poll() if isinstance(e, kind)]

    @property
    def ended(self) -> str:
        (ended,) = self.told(events.Ended)
        return str(ended.exit)


@pytest.fixture
def faulty(tmp_path: Path, trainer_command: Command, finish: Finish) -> Callable[..., Run]:
    """Runs the tiny trainer, 12 steps, validated each fourth, with a fault."""

    def run(fault: str, steps: str = "", *options: str, **hparams: Any) -> Run:
        whole = trainer_command(
            tmp_path / "run", "--steps", "12", "--evaluate-every", "4", *options, **hparams
        )
        argv = whole[whole.index("trainer") + 1 :]
        done = finish([sys.executable, FAULTY, fault, steps, "--", *argv])
        assert "Traceback" not in done.stderr, done.stderr
        paths = RunPaths(tmp_path / "run")
        for checkpoint in paths.checkpoints.glob("*.pt"):
            values = Checkpoint.load(checkpoint).state_dict.values()
            assert all(torch.isfinite(value.float()).all() for value in values)
        assert not list(paths.root.rglob(".*")), "temporary files were left"
        return Run(done.returncode, done.stderr, paths)

    return run


@pytest.mark.parametrize(
    ("fault", "quantity"), [("nan_loss", "train.loss"), ("inf_gradient", "gradient.norm")]
)
def test_not_finite_once_is_rescued(faulty: Callable[..., Run], fault: str, quantity: str) -> None:
    run = faulty(fault, "6")
    assert (run.code, run.ended) == (0, "finished")
    (rescued,) = run.told(events.Rescued)
    assert (rescued.step, rescued.to_step, rescued.cause) == (7, 4, "non_finite")
    assert (rescued.restarts, rescued.factor) == (1, 0.5)
    (adapted,) = run.told(events.LearningRateAdapted)
    assert (adapted.factor, adapted.cause) == (0.5, "rescue")
    steps = [e.step for e in run.told(events.Step)]
    assert steps == [*range(1, 7), *range(5, 13)]
    rates = [e.metrics["train.learning_rate"] for e in run.told(events.Step) if e.step == 5]
    assert rates[1] == pytest.approx(0.5 * rates[0], rel=1e-5)
    assert quantity in run.log


def test_not_finite_without_rescue_leaves_as_diverged(faulty: Callable[..., Run]) -> None:
    run = faulty("nan_loss", "6", rescue=False)
    assert (run.code, run.ended) == (4, "diverged")
    (diverged,) = run.told(events.Diverged)
    assert (diverged.step, diverged.quantity) == (7, "train.loss")
    assert not run.told(events.Rescued)
    assert Checkpoint.load(run.paths.last_checkpoint).iteration == 4


def test_rescued_three_times_in_a_row_then_diverged(faulty: Callable[..., Run]) -> None:
    run = faulty("nan_loss", "6always")
    assert (run.code, run.ended) == (4, "diverged")
    rescued = run.told(events.Rescued)
    assert [r.restarts for r in rescued] == [1, 2, 3]
    assert [r.factor for r in rescued] == [0.5, 0.25, 0.125]
    assert {(r.step, r.to_step) for r in rescued} == {(7, 4)}
    assert len(run.told(events.Diverged)) == 1
    (ended,) = run.told(events.Ended)
    assert "diverged at step 7, after 3 rescues in a row: train.loss is nan" in ended.message
    assert run.log.splitlines()[-1] == f"error: {ended.message}"
    assert len(list((run.paths.root / "debug").iterdir())) == 4


@pytest.mark.slow
def test_a_run_that_diverged_goes_on_with_more_rescues(
    faulty: Callable[..., Run], trainer_command: Command, finish: Finish
) -> None:
    run = faulty("nan_loss", "6always", max_restarts=1)
    assert run.code == 4
    options = ("--steps", "12", "--evaluate-every", "4")
    again = finish(trainer_command(run.paths.root, *options, max_restarts=2))
    assert again.returncode == 0, again.stderr
    assert "goes on with another max_restarts (1, now 2)" in again.stderr
    assert "max_restarts: 2" in run.paths.hparams.read_text(encoding="utf-8")


def test_a_rescue_before_the_first_validation_goes_back_to_the_start(
    faulty: Callable[..., Run],
) -> None:
    run = faulty("nan_loss", "2")
    assert run.code == 0
    assert [(r.step, r.to_step) for r in run.told(events.Rescued)] == [(3, 0)]


def test_exploding_gradients_are_rescued(faulty: Callable[..., Run]) -> None:
    run = faulty("huge_gradient", "4,5,6,7,8,9", explosion_steps=3, grad_norm_settle_steps=0)
    assert (run.code, run.ended) == (0, "finished")
    causes = [(r.step, r.to_step, r.cause) for r in run.told(events.Rescued)]
    assert causes[0] == (7, 4, "gradient_explosion")
    critical = [g for g in run.told(events.Gradient) if g.level == "critical"]
    assert critical[0].step == 5
    assert critical[0].norm > 1e3
    assert critical[0].threshold == 100.0


def test_exploding_gradients_without_rescue_are_for_others_to_judge(
    faulty: Callable[..., Run],
) -> None:
    run = faulty("huge_gradient", "4,5,6,7", rescue=False, explosion_steps=3, lr_adapter=False)
    assert (run.code, run.ended) == (0, "finished")
    (report,) = run.told(events.DebugReport)
    assert (report.step, report.cause) == (7, "gradient_explosion")
    assert max(e.metrics["gradient.norm"] for e in run.told(events.Step)) > 1e3


def test_monitor_off_no_warning(faulty: Callable[..., Run]) -> None:
    run = faulty("huge_gradient", "4,5,6", gradient_monitor=False, grad_norm_settle_steps=0)
    assert run.code == 0
    assert not run.told(events.Gradient)
    assert not run.told(events.Rescued)


@pytest.mark.parametrize("on", [True, False])
def test_the_debug_report_shows_what_happened(faulty: Callable[..., Run], on: bool) -> None:
    run = faulty("nan_loss", "6", debug_report=on)
    reports = run.told(events.DebugReport)
    assert len(reports) == on == (run.paths.root / "debug").exists()
    for report in reports:
        folder = run.paths.root / report.path
        known = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        assert (known["step"], known["cause"]) == (7, "non_finite")
        assert len(known["batch"]) == 4
        assert list(folder.glob("*.png"))
        assert (folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_frozen_attention_is_seen_in_the_scores(faulty: Callable[..., Run]) -> None:
    run = faulty("frozen_attention")
    assert (run.code, run.ended) == (0, "finished")
    scores = [e.metrics["alignment.overall_score"] for e in run.told(events.Evaluation)]
    assert scores == [0.0, 0.0, 0.0]


def test_a_full_disk_keeps_the_checkpoint_before(faulty: Callable[..., Run]) -> None:
    run = faulty("full_disk")
    assert (run.code, run.ended) == (6, "unwritable")
    assert "can't be written" in run.log
    warned = [w.message for w in run.told(events.Warned)]
    assert sum("checkpoint of step" in message for message in warned) >= 3
    assert [e.step for e in run.told(events.Step)] == list(range(1, 13))  # training went on
    assert len(run.told(events.Evaluation)) == 3
    assert not run.told(events.Checkpoint)
    assert not list(run.paths.checkpoints.iterdir())


def test_out_of_memory(faulty: Callable[..., Run]) -> None:
    run = faulty("out_of_memory", "6")
    assert (run.code, run.ended) == (5, "out_of_memory")
    assert Checkpoint.load(run.paths.last_checkpoint).iteration == 4


def test_with_smaller_micro_batches_it_goes_on(faulty: Callable[..., Run]) -> None:
    """As often as memory runs out, before there is a checkpoint or after."""
    run = faulty("room_for_two", "6")
    assert (run.code, run.ended) == (5, "out_of_memory")
    assert Checkpoint.load(run.paths.last_checkpoint).iteration == 4
    again = faulty("room_for_two", "")
    assert again.code == 5
    assert [e.step for e in again.told(events.Started)] == [0, 4]
    last = faulty("room_for_two", "", micro_batch_size=2)
    assert last.code == 0, last.log
    (warned,) = last.told(events.Warned)
    assert warned.message == "goes on with another micro_batch_size (None, now 2)"
    assert "micro_batch_size: 2" in last.paths.hparams.read_text(encoding="utf-8")
    steps = [(e.step, e.metrics["train.loss"]) for e in last.told(events.Step)]
    assert [step for step, _ in steps] == [*range(1, 7), *range(5, 13)]
    # The same effective batch: its loss is that of the whole, but for dropout and BatchNorm.
    for (_, whole), (_, parts) in zip(steps[4:6], steps[6:8], strict=True):
        assert parts == pytest.approx(whole, rel=0.2)
    assert len(last.told(events.Evaluation)) == 3


def test_no_memory_for_the_first_step_leaves_nothing_to_go_on_from(
    faulty: Callable[..., Run],
) -> None:
    run = faulty("room_for_two", "", rescue=False)
    assert (run.code, run.ended) == (5, "out_of_memory")
    assert not list(run.paths.checkpoints.iterdir())


@pytest.mark.parametrize("micro_batch_size", [4, 2])
def test_an_estimate_takes_no_more_memory_than_a_run(
    tmp_path: Path, trainer_command: Command, finish: Finish, micro_batch_size: int
) -> None:
    whole = trainer_command(tmp_path / "run", micro_batch_size=micro_batch_size)
    argv = ["estimate", *whole[whole.index("trainer") + 1 :]]
    done = finish([sys.executable, FAULTY, "room_for_two", "", "--", *argv])
    assert done.returncode == (5 if micro_batch_size == 4 else 0), done.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
    ids=str,
)
def test_every_way_to_lack_memory(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A GPU is not at hand, nor are the libraries that run on it: their errors are."""

    def fails(argv: list[str]) -> None:
        raise error

    monkeypatch.setattr("trainer.components.components_command", fails)
    assert cli.main(["components"]) is TrainerExit.OUT_OF_MEMORY
    assert "out of memory" in caplog.text


def test_on_a_full_disk_nothing_begins(tmp_path: Path, trainer_command: Command) -> None:
    """Neither do the lines of the log find room; the exit code says it all."""
    argv = trainer_command(tmp_path / "run", "--steps", "12")
    log = tmp_path / "log.txt"
    with log.open("wb") as file:
        limited = ["bash", "-c", 'ulimit -f 0; exec "$@"', "bash", *argv]
        done = subprocess.run(limited, stdout=file, stderr=file, check=False)
    assert done.returncode == 6
    assert log.read_bytes() == b""


ON_A_DISK = """
mount -t tmpfs -o size="$1" tmpfs "$2" || exit 99
run="$2" copy="$3"
shift 3
"$@" >"$run/trainer.log" 2>&1
code=$?
cp -r "$run" "$copy"
exit $code
"""


@pytest.mark.parametrize("kilobytes", [60, 150, 330, 420])
def test_a_disk_that_fills_up(tmp_path: Path, trainer_command: Command, kilobytes: int) -> None:
    """A real one: whichever file comes too late for it, the run ends as unwritable."""
    disk = tmp_path / "run"
    disk.mkdir()
    space = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
    script = [*space, "bash", "-c", ON_A_DISK, "bash", f"{kilobytes}k", disk, tmp_path / "copy"]
    command = trainer_command(disk, "--steps", "12", "--evaluate-every", "4")
    done = subprocess.run([*script, *command], capture_output=True, check=False)
    if done.returncode in (1, 99) and not (tmp_path / "copy").exists():
        pytest.skip(f"no disk can be mounted here: {done.stderr.decode()}")
    log = (tmp_path / "copy" / "trainer.log").read_text(encoding="utf-8")
    assert done.returncode == 6, log
    assert "Traceback" not in log
    told = EventReader(RunPaths(tmp_path / "copy").events).poll()
    steps = [event.step for event in told if isinstance(event, events.Step)]
    assert steps == [*range(1, len(steps) + 1)]
    if kilobytes > 100:
        assert len(steps) == 12


def test_sigterm_in_a_validation_ends_after_it(faulty: Callable[..., Run]) -> None:
    run = faulty("sigterm_in_validation")
    assert (run.code, run.ended) == (3, "stopped")
    assert [e.step for e in run.told(events.Evaluation)] == [4]
    assert Checkpoint.load(run.paths.last_checkpoint).iteration == 4


def test_a_damaged_checkpoint_is_passed_over(
    faulty: Callable[..., Run], trainer_command: Command, finish: Finish
) -> None:
    run = faulty("sigterm_in_validation")
    previous = run.paths.last_checkpoint.read_bytes()
    run.paths.previous_checkpoint.write_bytes(previous)
    damaged = bytearray(previous)
    damaged[len(damaged) // 2] ^= 1
    run.paths.last_checkpoint.write_bytes(damaged)
    command = trainer_command(run.paths.root, "--steps", "12", "--evaluate-every", "4")
    done = finish(command)
    assert done.returncode == 0, done.stderr
    (warned,) = run.told(events.Warned)
    assert "last.pt can't be read: it is damaged" in warned.message
    assert "goes on from previous.pt" in warned.message
    assert [e.step for e in run.told(events.Step)] == list(range(1, 13))
