"""The state dict of NVIDIA/tacotron2, key for key, so that public checkpoints load."""

from collections.abc import Callable

import pytest
import torch

from trainer.hparams import HParams
from trainer.model import Tacotron2

N_PARAMETERS = 28_193_153


def batch_norm(key: str, channels: int) -> dict[str, tuple[int, ...]]:
    vectors = ("weight", "bias", "running_mean", "running_var")
    return {f"{key}.{name}": (channels,) for name in vectors} | {f"{key}.num_batches_tracked": ()}


def convolution(key: str, shape: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    return {
        f"{key}.0.conv.weight": shape,
        f"{key}.0.conv.bias": shape[:1],
        **batch_norm(f"{key}.1", shape[0]),
    }


def lstm(key: str, rows: int, inputs: int, hidden: int, suffix: str) -> dict[str, tuple[int, ...]]:
    return {
        f"{key}.weight_ih{suffix}": (rows, inputs),
        f"{key}.weight_hh{suffix}": (rows, hidden),
        f"{key}.bias_ih{suffix}": (rows,),
        f"{key}.bias_hh{suffix}": (rows,),
    }


ATTENTION = "decoder.attention_layer"
PUBLISHED: dict[str, tuple[int, ...]] = {
    "embedding.weight": (148, 512),
    **convolution("encoder.convolutions.0", (512, 512, 5)),
    **convolution("encoder.convolutions.1", (512, 512, 5)),
    **convolution("encoder.convolutions.2", (512, 512, 5)),
    **lstm("encoder.lstm", 1024, 512, 256, "_l0"),
    **lstm("encoder.lstm", 1024, 512, 256, "_l0_reverse"),
    "decoder.prenet.layers.0.linear_layer.weight": (256, 80),
    "decoder.prenet.layers.1.linear_layer.weight": (256, 256),
    **lstm("decoder.attention_rnn", 4096, 768, 1024, ""),
    f"{ATTENTION}.query_layer.linear_layer.weight": (128, 1024),
    f"{ATTENTION}.memory_layer.linear_layer.weight": (128, 512),
    f"{ATTENTION}.v.linear_layer.weight": (1, 128),
    f"{ATTENTION}.location_layer.location_conv.conv.weight": (32, 2, 31),
    f"{ATTENTION}.location_layer.location_dense.linear_layer.weight": (128, 32),
    **lstm("decoder.decoder_rnn", 4096, 1536, 1024, ""),
    "decoder.linear_projection.linear_layer.weight": (80, 1536),
    "decoder.linear_projection.linear_layer.bias": (80,),
    "decoder.gate_layer.linear_layer.weight": (1, 1536),
    "decoder.gate_layer.linear_layer.bias": (1,),
    **convolution("postnet.convolutions.0", (512, 80, 5)),
    **convolution("postnet.convolutions.1", (512, 512, 5)),
    **convolution("postnet.convolutions.2", (512, 512, 5)),
    **convolution("postnet.convolutions.3", (512, 512, 5)),
    **convolution("postnet.convolutions.4", (80, 512, 5)),
}


def on_no_device(hparams: HParams) -> Tacotron2:
    """The model without the memory and the time that its numbers take."""
    with torch.device("meta"):
        return Tacotron2(hparams)


def test_published_keys_shapes_and_size() -> None:
    model = on_no_device(HParams())
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == PUBLISHED
    assert sum(parameter.numel() for parameter in model.parameters()) == N_PARAMETERS


@pytest.mark.parametrize("r", [2, 3, 5])
def test_the_reduction_factor_changes_the_projection_alone(r: int) -> None:
    shapes = on_no_device(HParams(n_frames_per_step=r)).state_dict()
    changed = {key for key, shape in PUBLISHED.items() if tuple(shapes[key].shape) != shape}
    assert changed == {f"decoder.linear_projection.linear_layer.{k}" for k in ("weight", "bias")}
    assert shapes["decoder.linear_projection.linear_layer.weight"].shape == (80 * r, 1536)


@pytest.mark.parametrize(("symbols", "known"), [("en", 40), ("ru", 45)])
def test_another_symbol_table_changes_the_embedding_alone(symbols: str, known: int) -> None:
    shapes = on_no_device(HParams(symbols=symbols)).state_dict()
    changed = {key for key, shape in PUBLISHED.items() if tuple(shapes[key].shape) != shape}
    assert changed == {"embedding.weight"}
    assert abs(len(shapes["embedding.weight"]) - known) < 20


def test_the_demo_preset_is_small() -> None:
    demo = HParams.preset("demo").model_copy(update={"symbols": "en"})
    assert 0.5e6 < sum(p.numel() for p in on_no_device(demo).parameters()) < 0.9e6


def test_weights_follow_from_the_seed(tiny: Callable[..., HParams]) -> None:
    def weights(seed: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(seed)
        return Tacotron2(tiny()).state_dict()

    one, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert not torch.equal(one["embedding.weight"], other["embedding.weight"])
