"""Checkpoints: NVIDIA's layout, whole or not at all, and one line about what can't be used."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.checkpoint import Best, Checkpoint, Continuation, keep_as
from trainer.data import MelScale
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.nvidia import load_single_group, to_single_group
from trainer.optimizer import build_optimizer
from trainer.random_states import random_states

CPU = torch.device("cpu")


@pytest.fixture
def checkpoint(tiny: Callable[..., HParams]) -> Checkpoint:
    hparams = tiny(learning_rate=2e-3)
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return Checkpoint(
        iteration=7,
        state_dict=model.state_dict(),
        optimizer=to_single_group(optimizer, model),
        learning_rate=2e-3,
        hparams=hparams,
        language="en",
        scale=MelScale(-5.25, 2.5),
        continuation=Continuation(
            random_states=[random_states(CPU)],
            scaler={},
            stability={"clipper": {"norms": [1.0]}},
            gaf=0.25,
            recent=[{"step": 7.0, "train.loss": 1.5}],
            data="0123",
            best=Best(5, 0.25),
        ),
    )


def altered(path: Path, **changes: Any) -> None:
    contents = torch.load(path, weights_only=True)
    torch.save({**contents, **changes}, path)


def test_published_layout(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """What NVIDIA/tacotron2's own loader reads."""
    checkpoint.save(tmp_path / "a.pt")
    contents = torch.load(tmp_path / "a.pt", weights_only=True)
    assert {"state_dict", "optimizer", "learning_rate", "iteration"} <= set(contents)
    assert (contents["iteration"], contents["learning_rate"]) == (7, 2e-3)
    assert set(contents["state_dict"]) == set(checkpoint.state_dict)


@pytest.mark.parametrize("best", [None, Best(5, 0.25)])
def test_round_trip(checkpoint: Checkpoint, tmp_path: Path, best: Best | None) -> None:
    assert checkpoint.continuation is not None
    saved = replace(checkpoint, continuation=replace(checkpoint.continuation, best=best))
    saved.save(tmp_path / "a.pt")
    loaded = Checkpoint.load(tmp_path / "a.pt")
    for name in ("iteration", "learning_rate", "hparams", "language", "scale", "best"):
        assert getattr(loaded, name) == getattr(saved, name)
    for key, value in saved.state_dict.items():
        assert torch.equal(loaded.state_dict[key], value)
    assert str(loaded.continuation) == str(saved.continuation)
    model = Tacotron2(loaded.hparams)
    model.load_state_dict(loaded.state_dict)
    optimizer = build_optimizer(model, loaded.hparams)
    load_single_group(optimizer, model, loaded.optimizer)
    assert str(to_single_group(optimizer, model)) == str(saved.optimizer)


def test_a_failed_save_keeps_the_old_one(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path)
    before = path.read_bytes()
    unsavable = replace(checkpoint, optimizer={"hook": lambda: None})
    with pytest.raises((pickle.PicklingError, AttributeError)):
        unsavable.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_kept_outlives_what_is_replaced(checkpoint: Checkpoint, tmp_path: Path) -> None:
    last, kept = tmp_path / "last.pt", tmp_path / "kept.pt"
    checkpoint.save(last)
    keep_as(last, kept)
    replace(checkpoint, iteration=9).save(last)
    assert Checkpoint.load(kept).iteration == 7
    assert Checkpoint.load(last).iteration == 9
    keep_as(last, kept)
    assert Checkpoint.load(kept).iteration == 9
    assert sorted(tmp_path.iterdir()) == [kept, last]


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"a\.pt: no such file"):
        Checkpoint.load(tmp_path / "a.pt")


@pytest.mark.parametrize("keep", [0, 1, 1000, -1])
def test_a_cut_file(checkpoint: Checkpoint, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadInputError, match=r"a\.pt can't be read") as caught:
        Checkpoint.load(path)
    assert "\n" not in str(caught.value)


_WHAT_ELSE = r"a\.pt (can't be read|was not written|holds a Python object|is not the public)"


def not_a_checkpoint(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("no checkpoint at all", encoding="utf-8")
    elif kind == "directory":
        path.mkdir()
    elif kind == "pickle of code":
        path.write_bytes(pickle.dumps(Path("/"), protocol=2))
    elif kind == "another dictionary":
        torch.save({"model": torch.zeros(3)}, path)
    else:
        torch.save(torch.zeros(3), path)


@pytest.mark.parametrize(
    "kind", ["text", "directory", "pickle of code", "another dictionary", "tensor"]
)
def test_what_is_no_checkpoint(tmp_path: Path, kind: str) -> None:
    not_a_checkpoint(tmp_path / "a.pt", kind)
    with pytest.raises(BadInputError, match=_WHAT_ELSE) as caught:
        Checkpoint.load(tmp_path / "a.pt")
    assert "\n" not in str(caught.value)


def test_a_flipped_bit(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """torch itself reads it without a word."""
    path = tmp_path / "a.pt"
    checkpoint.save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"a\.pt can't be read: it is damaged"):
        Checkpoint.load(path)


def test_another_version(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt")
    altered(tmp_path / "a.pt", version=99)
    with pytest.raises(BadInputError, match="is of version 99, this trainer reads"):
        Checkpoint.load(tmp_path / "a.pt")


def test_another_symbol_table(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt")
    altered(tmp_path / "a.pt", symbols=["_", "a", "b"])
    with pytest.raises(BadInputError, match="symbol table 'en' is not this version's"):
        Checkpoint.load(tmp_path / "a.pt")
