"""Adam's two groups of parameters."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.optimizer import Adam, build_optimizer, set_learning_rate


def test_weight_decay_spares_recurrent_weights_norms_and_biases(
    tiny: Callable[..., HParams],
) -> None:
    hparams = tiny(weight_decay=1e-3, learning_rate=0.5, adam_epsilon=1e-7)
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    names = {id(p): name for name, p in model.named_parameters()}
    decayed, spared = ({names[id(p)] for p in g["params"]} for g in optimizer.param_groups)
    assert [g["weight_decay"] for g in optimizer.param_groups] == [1e-3, 0.0]
    assert {(g["lr"], g["eps"]) for g in optimizer.param_groups} == {(0.5, 1e-7)}
    assert decayed | spared == set(names.values())
    assert not decayed & spared
    assert decayed == {
        "embedding.weight",
        *(f"encoder.convolutions.{i}.0.conv.weight" for i in range(2)),
        *(f"decoder.prenet.layers.{i}.linear_layer.weight" for i in range(2)),
        *(
            f"decoder.attention_layer.{name}.weight"
            for name in (
                "query_layer.linear_layer", "memory_layer.linear_layer", "v.linear_layer",
                "location_layer.location_conv.conv", "location_layer.location_dense.linear_layer",
            )
        ),
        "decoder.linear_projection.linear_layer.weight",
        "decoder.gate_layer.linear_layer.weight",
        *(f"postnet.convolutions.{i}.0.conv.weight" for i in range(3)),
    }  # fmt: skip


def test_without_gradient_only_decay_moves_weights(tiny: Callable[..., HParams]) -> None:
    hparams = tiny(weight_decay=0.1, learning_rate=1e-2)
    model = Tacotron2(hparams)
    optimizer = build_optimizer(model, hparams)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert "embedding.weight" in moved
    assert not any("rnn" in n or "lstm" in n or n.endswith("bias") for n in moved)
    assert not any(".1.weight" in n and "convolutions" in n for n in moved)


def test_the_rate_is_set_in_all_groups(tiny: Callable[..., HParams]) -> None:
    optimizer = build_optimizer(Tacotron2(tiny()), tiny())
    set_learning_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


@pytest.mark.parametrize("scaled", [False, True])
def test_it_steps_and_is_saved_as_torchs_own(scaled: bool) -> None:
    first = torch.randn(7, 5)
    gradients = torch.randn(4, 7, 5)
    results, states = [], []
    for kind in (Adam, torch.optim.Adam):
        parameter = nn.Parameter(first.clone())
        optimizer = kind([parameter], lr=0.1, weight_decay=0.01, fused=True)
        scaler = torch.amp.GradScaler("cpu", enabled=scaled, init_scale=8.0)
        for gradient in gradients:
            optimizer.zero_grad(set_to_none=True)
            scaler.scale((parameter * gradient).sum()).backward()
            scaler.unscale_(optimizer)
            scaler.step(optimizer)
            scaler.update()
            optimizer.load_state_dict(optimizer.state_dict())
        results.append(parameter.detach())
        states.append(optimizer.state_dict())
    assert torch.equal(*results)
    assert not torch.equal(results[0], first)
    assert states[0]["param_groups"] == states[1]["param_groups"]
    assert states[0]["state"].keys() == states[1]["state"].keys()
    for name, value in states[0]["state"][0].items():
        assert torch.equal(value, states[1]["state"][0][name])
