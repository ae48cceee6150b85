"""NVIDIA/tacotron2's checkpoints, read and written."""

import argparse
import io
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.nvidia import (
    load_single_group,
    published_hparams,
    read_published,
    tensor_shapes,
    to_single_group,
)
from trainer.optimizer import build_optimizer, set_learning_rate
from trainer.text import symbol_table

Make = Callable[..., HParams]
PUBLIC = HParams(symbols="nvidia")


@pytest.fixture
def weights(tiny: Make) -> dict[str, torch.Tensor]:
    return Tacotron2(tiny(symbols="nvidia", append_eos=False)).state_dict()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes anything as a checkpoint."""

    def save(contents: Any) -> Path:
        torch.save(contents, tmp_path / "checkpoint_1000")
        return tmp_path / "checkpoint_1000"

    return save


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert list(a) == list(b)
    assert all(torch.equal(a[key], b[key]) for key in a)


# --- reading ------------------------------------------------------------------------------------


def test_nvidias_layout(write: Callable[[Any], Path], weights: dict[str, torch.Tensor]) -> None:
    optimizer = {"state": {}, "param_groups": [{"lr": 5e-4, "params": [0, 1]}]}
    read = read_published(
        write(
            {
                "iteration": 1000,
                "state_dict": weights,
                "optimizer": optimizer,
                "learning_rate": 5e-4,
            }
        )
    )
    assert (read.iteration, read.learning_rate, read.symbols) == (1000, 5e-4, None)
    assert read.optimizer == optimizer
    assert_equal(read.state_dict, weights)


def test_a_bare_state_dict(write: Callable[[Any], Path], weights: dict[str, torch.Tensor]) -> None:
    read = read_published(write(OrderedDict(weights)))
    assert_equal(read.state_dict, weights)
    assert (read.iteration, read.optimizer, read.symbols) == (0, None, None)


def test_weights_alone_under_their_key(
    write: Callable[[Any], Path], weights: dict[str, torch.Tensor]
) -> None:
    """As NVIDIA's published tacotron2_statedict.pt, or a file of its DeepLearningExamples."""
    read = read_published(write({"state_dict": weights, "epoch": 1500, "config": {"amp": True}}))
    assert_equal(read.state_dict, weights)
    assert (read.iteration, read.learning_rate) == (0, 1e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_parallel_wrappers(
    write: Callable[[Any], Path], weights: dict[str, torch.Tensor], dtype: torch.dtype
) -> None:
    halved = {
        f"module.{k}": v.to(dtype) if v.is_floating_point() else v for k, v in weights.items()
    }
    read = read_published(write({"iteration": 7, "state_dict": halved, "learning_rate": 1e-3}))
    assert list(read.state_dict) == list(weights)
    for key, value in read.state_dict.items():
        assert value.dtype == weights[key].dtype
        assert torch.equal(value, halved[f"module.{key}"].to(weights[key].dtype))


def test_files_of_old_torch(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    """The public checkpoints are older than torch's present format."""
    path = tmp_path / "tacotron2_statedict.pt"
    torch.save({"state_dict": weights}, path, _use_new_zipfile_serialization=False)
    assert_equal(read_published(path).state_dict, weights)


def test_our_own(write: Callable[[Any], Path], weights: dict[str, torch.Tensor]) -> None:
    contents = {"iteration": 3, "state_dict": weights, "symbols": ["_", "a"], "version": 2}
    assert read_published(write(contents)).symbols == ("_", "a")


@pytest.mark.parametrize(
    "contents",
    [
        {}, [], 3, "text", {"state_dict": {}}, {"state_dict": None}, {"state_dict": {"a": 1.0}},
        {"generator": {"conv.weight": torch.zeros(1)}}, {1: torch.zeros(1)}, torch.zeros(3),
    ],
    ids=str,
)  # fmt: skip
def test_what_holds_no_state_dict(write: Callable[[Any], Path], contents: Any) -> None:
    with pytest.raises(BadInputError, match="checkpoint_1000 holds no state dict of a model"):
        read_published(write(contents))


def test_objects_are_not_loaded(
    write: Callable[[Any], Path], weights: dict[str, torch.Tensor]
) -> None:
    path = write({"state_dict": weights, "arguments": argparse.Namespace(rank=0)})
    with pytest.raises(BadInputError, match=r"holds a Python object \(argparse.Namespace\)"):
        read_published(path)


def damaged(weights: dict[str, torch.Tensor], how: str) -> bytes:
    buffer = io.BytesIO()
    torch.save({"state_dict": weights}, buffer)
    whole = bytearray(buffer.getvalue())
    if how == "flipped":
        with zipfile.ZipFile(buffer) as archive:
            largest = max(archive.infolist(), key=lambda part: part.file_size)
        whole[largest.header_offset + len(largest.filename) + largest.file_size // 2 + 64] ^= 1
    return {
        "cut": bytes(whole[: len(whole) // 2]), "empty": b"", "flipped": bytes(whole),
        "text": b"id|text\n", "a zip": b"PK\x05\x06" + bytes(18),
    }[how]  # fmt: skip


@pytest.mark.parametrize("how", ["cut", "empty", "flipped", "text", "a zip"])
def test_damaged_files(weights: dict[str, torch.Tensor], tmp_path: Path, how: str) -> None:
    path = tmp_path / "last.pt"
    path.write_bytes(damaged(weights, how))
    with pytest.raises(BadInputError, match=r"last\.pt can't be read: it is damaged, or no"):
        read_published(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none\.pt: no such file"):
        read_published(tmp_path / "none.pt")
    with pytest.raises(BadInputError, match="it is a directory"):
        read_published(tmp_path)


# --- the public model ---------------------------------------------------------------------------


def public_weights() -> dict[str, torch.Tensor]:
    """Of the right shapes, without memory."""
    return {k: torch.empty(s, device="meta") for k, s in tensor_shapes(PUBLIC).items()}


def test_the_public_models_hparams() -> None:
    before = torch.get_rng_state()
    hparams = published_hparams(public_weights())
    assert hparams == PUBLIC
    assert (hparams.padding, hparams.mel_normalisation, hparams.append_eos) == (
        "published", "none", False,
    )  # fmt: skip
    assert len(symbol_table(hparams.symbols)) == 148
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"embedding.weight": (40, 512)}, r"its embedding\.weight is \[40, 512\] instead of \[148"),
        ({"decoder.gate_layer.linear_layer.bias": None}, "it lacks decoder.gate_layer"),
        ({"speaker.weight": (4, 4)}, "it has speaker.weight"),
        (
            {"decoder.linear_projection.linear_layer.weight": (240, 1536)},
            r"linear_projection\.linear_layer\.weight is \[240, 1536\] instead of \[80, 1536\]",
        ),
    ],
)
def test_another_model_is_refused(change: dict[str, Any], reason: str) -> None:
    state_dict = public_weights()
    for key, shape in change.items():
        if shape is None:
            del state_dict[key]
        else:
            state_dict[key] = torch.empty(shape, device="meta")
    with pytest.raises(BadInputError, match=f"x.pt is not the public Tacotron 2: .*{reason}"):
        published_hparams(state_dict, "x.pt")


# --- the optimiser ------------------------------------------------------------------------------


def learn(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, seed: int = 0) -> None:
    """Steps on gradients that are the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        for parameter in model.parameters():
            parameter.grad = 0.1 * torch.randn(parameter.shape, generator=generator)
        optimizer.step()


def through_a_file(contents: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    buffer.seek(0)
    return torch.load(buffer, map_location="cpu", weights_only=True)


@pytest.fixture
def public_code(published: Any) -> Callable[[HParams], nn.Module]:
    """Makes the oracle, which stands for NVIDIA's own model class."""

    def make(h: HParams) -> nn.Module:
        fields = published.Sizes.__dataclass_fields__.keys() - {"n_symbols"}
        return published.PublishedTacotron2(
            published.Sizes(**{name: getattr(h, name) for name in fields})
        )

    return make


def load_checkpoint(checkpoint: Any, model: nn.Module, optimizer: Any) -> tuple[float, int]:
    """What NVIDIA's train.py does with a checkpoint."""
    model.load_state_dict(checkpoint["state_dict"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["learning_rate"], checkpoint["iteration"]


def test_the_public_code_goes_on_from_our_checkpoint(
    tiny: Make, public_code: Callable[[HParams], nn.Module]
) -> None:
    hparams = tiny(symbols="nvidia", append_eos=False, n_frames_per_step=1, weight_decay=0.0)
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    learn(model, optimizer, steps=3)
    set_learning_rate(optimizer, 2e-3)
    checkpoint = through_a_file(
        {
            "iteration": 3,
            "state_dict": model.state_dict(),
            "optimizer": to_single_group(optimizer, model),
            "learning_rate": 2e-3,
        }
    )
    theirs = public_code(hparams)
    adam = torch.optim.Adam(theirs.parameters(), lr=1e-3, weight_decay=1e-6)
    assert load_checkpoint(checkpoint, theirs, adam) == (2e-3, 3)
    assert [name for name, _ in theirs.named_parameters()] == [
        name for name, _ in model.named_parameters()
    ]
    for module, learner in ((model, optimizer), (theirs, adam)):
        learn(module, learner, steps=4, seed=1)
    for (name, ours), (_, other) in zip(
        model.named_parameters(), theirs.named_parameters(), strict=True
    ):
        torch.testing.assert_close(other, ours, rtol=1e-5, atol=1e-7, msg=name)
    assert adam.param_groups[0]["eps"] == hparams.adam_epsilon


def test_we_go_on_from_the_public_codes_checkpoint(
    tiny: Make, public_code: Callable[[HParams], nn.Module]
) -> None:
    hparams = tiny(
        symbols="nvidia", append_eos=False, n_frames_per_step=1, weight_decay=0.0, adam_epsilon=1e-8
    )
    theirs = public_code(hparams)
    adam = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    learn(theirs, adam, steps=3)
    checkpoint = through_a_file(
        {"iteration": 3, "state_dict": theirs.state_dict(), "optimizer": adam.state_dict()}
    )
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    model.load_state_dict(checkpoint["state_dict"])
    load_single_group(optimizer, model, checkpoint["optimizer"])
    assert [group["lr"] for group in optimizer.param_groups] == [1e-3, 1e-3]
    for module, learner in ((model, optimizer), (theirs, adam)):
        learn(module, learner, steps=4, seed=1)
    for ours, other in zip(model.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(other, ours, rtol=1e-5, atol=1e-7)


def test_our_two_groups_come_back_to_the_bit(tiny: Make) -> None:
    hparams = tiny(weight_decay=1e-2)
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    learn(model, optimizer, steps=3)
    set_learning_rate(optimizer, 1.5e-3)
    again = Tacotron2(hparams)
    again.load_state_dict(model.state_dict())
    other = build_optimizer(again, hparams)
    state = through_a_file(to_single_group(optimizer, model))
    load_single_group(other, again, state)
    assert other.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    assert [group["fused"] for group in other.param_groups] == [True, True]
    for module, learner in ((model, optimizer), (again, other)):
        learn(module, learner, steps=3, seed=2)
    assert_equal(again.state_dict(), model.state_dict())
    ours, theirs = (o.state_dict()["state"] for o in (optimizer, other))
    for number, values in ours.items():
        assert_equal(theirs[number], values)


def test_a_state_can_be_loaded_twice(tiny: Make) -> None:
    """A rescue goes back to the same state as often as it must."""
    hparams = tiny()
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    learn(model, optimizer, steps=1)
    state = through_a_file(to_single_group(optimizer, model))
    load_single_group(optimizer, model, state)
    learn(model, optimizer, steps=2)
    assert {float(values["step"]) for values in state["state"].values()} == {1.0}
    load_single_group(optimizer, model, state)
    assert {float(v["step"]) for v in optimizer.state_dict()["state"].values()} == {1.0}


def test_a_fresh_optimizer_and_steps_counted_by_old_torch(tiny: Make) -> None:
    model = Tacotron2(tiny())
    optimizer = build_optimizer(model, tiny())
    fresh = to_single_group(optimizer, model)
    assert fresh["state"] == {}
    load_single_group(optimizer, model, fresh)
    learn(model, optimizer, steps=2)
    state = to_single_group(optimizer, model)
    for values in state["state"].values():
        values["step"] = 2
    load_single_group(optimizer, model, through_a_file(state))
    learn(model, optimizer, steps=1)
    assert {float(v["step"]) for v in optimizer.state_dict()["state"].values()} == {3.0}


def test_another_models_optimizer_is_refused(tiny: Make) -> None:
    model, smaller = Tacotron2(tiny()), Tacotron2(tiny(postnet_n_convolutions=2))
    optimizer = build_optimizer(model, tiny())
    learn(model, optimizer, steps=1)
    state = to_single_group(optimizer, model)
    n_own, n_other = (len(list(m.parameters())) for m in (smaller, model))
    fewer = build_optimizer(smaller, tiny())
    with pytest.raises(BadInputError, match=f"is of {n_other} parameters, the model has {n_own}"):
        load_single_group(fewer, smaller, state)
    with pytest.raises(BadInputError, match="is of no parameters"):
        load_single_group(optimizer, model, {})
    wider = Tacotron2(tiny(attention_dim=12))
    with pytest.raises(
        BadInputError, match=r"exp_avg of parameter \d+ is \[8, 16\], .* \[12, 16\]"
    ):
        load_single_group(build_optimizer(wider, tiny()), wider, state)
