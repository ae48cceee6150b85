"""Which checkpoints are kept, and which of them a run goes on from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trainer.checkpoint import Checkpoint
from trainer.checkpoint_folder import CheckpointFolder
from trainer.data import MelScale
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.paths import RunPaths

CPU = torch.device("cpu")


@pytest.fixture
def at(tiny: Callable[..., HParams]) -> Callable[[int], Checkpoint]:
    """A checkpoint of a step."""
    hparams = tiny()
    first = Checkpoint(
        0, Tacotron2(hparams).state_dict(), {}, 1e-3, hparams, "en", MelScale(), None
    )
    return lambda step: replace(first, iteration=step)


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path)


def names(paths: RunPaths) -> set[str]:
    return {path.name for path in paths.checkpoints.iterdir()}


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def test_last_previous_and_every_nth(paths: RunPaths, at: Callable[[int], Checkpoint]) -> None:
    folder = CheckpointFolder(paths, keep_every=4)
    assert folder.is_empty
    for step in (2, 4, 6):
        folder.write(at(step))
    assert not folder.is_empty
    assert names(paths) == {"last.pt", "previous.pt", "step_0000004.pt"}
    assert folder.newest(CPU).checkpoint.iteration == 6
    assert Checkpoint.load(paths.previous_checkpoint).iteration == 4
    assert Checkpoint.load(paths.kept_checkpoint(4)).iteration == 4


def test_the_newest_whole_one(paths: RunPaths, at: Callable[[int], Checkpoint]) -> None:
    folder = CheckpointFolder(paths)
    folder.write(at(2))
    folder.keep_as_best()
    for step in (4, 6):
        folder.write(at(step))
    expected = [("last.pt", 6), ("previous.pt", 4), ("best.pt", 2)]
    for i, (name, step) in enumerate(expected):
        found = folder.newest(CPU)
        assert (found.path.name, found.checkpoint.iteration) == (name, step)
        assert len(found.damaged) == i
        damage(found.path)
    with pytest.raises(BadInputError, match=r"last\.pt can't be read.*no other checkpoint"):
        folder.newest(CPU)


def test_a_rescue_takes_the_good_one(paths: RunPaths, at: Callable[[int], Checkpoint]) -> None:
    folder = CheckpointFolder(paths)
    folder.write_start(at(0))
    assert folder.newest_good(CPU).checkpoint.iteration == 0
    folder.write(at(2))
    assert folder.newest(CPU).checkpoint.iteration == 2
    assert folder.newest_good(CPU).checkpoint.iteration == 0
    folder.keep_as_good()
    folder.write(at(4))
    assert folder.newest_good(CPU).checkpoint.iteration == 2
    damage(paths.good_checkpoint)
    assert folder.newest_good(CPU).checkpoint.iteration == 4


def test_the_end_keeps_best_last_and_nth(paths: RunPaths, at: Callable[[int], Checkpoint]) -> None:
    folder = CheckpointFolder(paths, keep_every=2)
    for step in (2, 3):
        folder.write(at(step))
        folder.keep_as_best()
        folder.keep_as_good()
    folder.tidy()
    assert names(paths) == {"last.pt", "best.pt", "step_0000002.pt"}
