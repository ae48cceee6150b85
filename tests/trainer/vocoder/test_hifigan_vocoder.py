"""Generators in the published layout, loaded and heard."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.vocoder import load_hifigan

CPU = torch.device("cpu")
Write = Callable[..., Path]


@pytest.fixture
def loaded(published: Write) -> Callable[..., Any]:
    def load(config: dict[str, Any], weights: dict[str, Tensor], **options: Any) -> Any:
        return load_hifigan(published(config, weights, **options), HParams(), CPU)

    return load


def test_sounds_as_the_published_network_does(
    loaded: Callable[..., Any], hifigan: Any, config: dict[str, Any], mel: Tensor
) -> None:
    weights = hifigan.weights(config)
    samples = loaded(config, weights)(mel)
    assert samples.dtype == np.float32
    assert samples.shape == (23 * 256,)
    assert np.abs(samples).max() <= 1.0
    assert samples.std() > 0.01
    expected = hifigan.sound(config, hifigan.plain(weights), mel)
    np.testing.assert_allclose(samples, expected.numpy(), atol=1e-5)


def test_every_kind_of_weight_norm_is_the_same_sound(
    loaded: Callable[..., Any], hifigan: Any, config: dict[str, Any], mel: Tensor
) -> None:
    weights = hifigan.weights(config)
    parametrized = {
        name.replace(".weight_g", ".parametrizations.weight.original0").replace(
            ".weight_v", ".parametrizations.weight.original1"
        ): tensor
        for name, tensor in weights.items()
    }
    wrapped = {f"module.{name}": tensor for name, tensor in weights.items()}
    expected = loaded(config, weights)(mel)
    for other in (parametrized, hifigan.plain(weights), wrapped):
        np.testing.assert_allclose(loaded(config, other)(mel), expected, atol=1e-5)
    np.testing.assert_allclose(loaded(config, weights, bare=True)(mel), expected, atol=0)


def test_torchs_own_weight_norm_is_understood(
    loaded: Callable[..., Any], hifigan: Any, mel: Tensor
) -> None:
    """What ``torch.nn.utils.parametrizations.weight_norm`` saves, transposed layers too."""
    plain = hifigan.plain(hifigan.weights(hifigan.v3))
    saved = {}
    for name in {key.rpartition(".")[0] for key in plain}:
        weight = plain[f"{name}.weight"]
        kind = torch.nn.ConvTranspose1d if name.startswith("ups") else torch.nn.Conv1d
        sizes = weight.shape[:2] if name.startswith("ups") else weight.shape[1::-1]
        layer = kind(*sizes, weight.shape[2])
        layer.load_state_dict({part: plain[f"{name}.{part}"] for part in ("weight", "bias")})
        normed = torch.nn.utils.parametrizations.weight_norm(layer)
        saved |= {f"{name}.{key}": tensor for key, tensor in normed.state_dict().items()}
    assert not any(key.endswith(".weight") for key in saved)
    expected = loaded(hifigan.v3, plain)(mel)
    np.testing.assert_allclose(loaded(hifigan.v3, saved)(mel), expected, atol=1e-5)


def test_a_folder_means_its_newest_generator(published: Write, hifigan: Any, mel: Tensor) -> None:
    config = hifigan.v3
    published(config, hifigan.weights(config, seed=1), name="g_00000900")
    published(config, hifigan.weights(config, seed=2), name="g_00001000")
    newest = published(config, hifigan.weights(config, seed=3), name="g_00010000")
    (newest.parent / "do_00010000").write_bytes(b"the discriminator's")
    sound = load_hifigan(newest.parent, HParams(), CPU)(mel)
    np.testing.assert_array_equal(sound, load_hifigan(newest, HParams(), CPU)(mel))


def test_a_folder_with_one_generator_of_any_name(
    published: Write, hifigan: Any, mel: Tensor
) -> None:
    path = published(hifigan.v3, hifigan.weights(hifigan.v3), name="generator_v3")
    assert len(load_hifigan(path.parent, HParams(), CPU)(mel)) == 23 * 256
    (path.parent / "second.pt").write_bytes(path.read_bytes())
    with pytest.raises(BadInputError, match=r"one generator.*\(generator_v3, second\.pt found\)"):
        load_hifigan(path.parent, HParams(), CPU)


@pytest.mark.parametrize(
    ("name", "value", "ours"),
    [
        ("sampling_rate", 24000, "sampling_rate=22050"),
        ("n_fft", 2048, "filter_length=1024"),
        ("win_size", 800, "win_length=1024"),
        ("num_mels", 100, "n_mel_channels=80"),
        ("fmin", 50, "mel_fmin=0"),
        ("fmax", 7600, "mel_fmax=8000"),
        ("fmax", None, "fmax=11025, but the voice was trained with mel_fmax=8000"),
    ],
)
def test_mels_that_differ(
    published: Write, hifigan: Any, name: str, value: float, ours: str
) -> None:
    config = {**hifigan.v3, name: value}
    path = published(config, hifigan.weights(config))
    with pytest.raises(BadInputError, match=ours) as caught:
        load_hifigan(path, HParams(), CPU)
    assert f"config.json has {name}=" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_difference_is_named(published: Write, hifigan: Any) -> None:
    config = {**hifigan.v3, "upsample_rates": [8, 8, 2], "upsample_kernel_sizes": [16, 16, 4]}
    config |= {"hop_size": 128, "fmin": 40}
    path = published(config, hifigan.weights(config))
    with pytest.raises(BadInputError, match=r"hop_size=128, but .* hop_length=256"):
        load_hifigan(path, HParams(), CPU)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resblock": "3"}, "resblock: "),
        ({"hop_size": 300}, "upsample_rates multiply to 256, which must be hop_size=300"),
        ({"upsample_kernel_sizes": [16, 16]}, "differ in length"),
        ({"upsample_kernel_sizes": [16, 16, 7]}, "an upsampling of 4 needs a kernel longer by an"),
        ({"upsample_initial_channel": 20}, "can't be halved 3 times"),
        ({"num_mels": "many"}, "num_mels: "),
    ],
)
def test_configurations_that_make_no_generator(
    published: Write, hifigan: Any, changes: dict[str, Any], message: str
) -> None:
    path = published({**hifigan.v3, **changes}, hifigan.weights(hifigan.v3))
    with pytest.raises(BadInputError, match=message) as caught:
        load_hifigan(path, HParams(), CPU)
    assert "is no HiFi-GAN configuration" in str(caught.value)


def test_weights_of_another_shape(published: Write, hifigan: Any) -> None:
    path = published(hifigan.v1, hifigan.weights(hifigan.v3))
    with pytest.raises(BadInputError, match=r"does not have the shape that .*config\.json"):
        load_hifigan(path, HParams(), CPU)


def test_files_that_are_something_else(published: Write, hifigan: Any, tmp_path: Path) -> None:
    path = published(hifigan.v3, hifigan.weights(hifigan.v3))
    (path.parent / "config.json").unlink()
    with pytest.raises(BadInputError, match=r"config\.json: No such file .* must lie beside"):
        load_hifigan(path, HParams(), CPU)
    (path.parent / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"config\.json is not JSON"):
        load_hifigan(path, HParams(), CPU)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(BadInputError, match="can't be read: it is damaged, or no checkpoint"):
        load_hifigan(path, HParams(), CPU)
    torch.save({"generator": [1, 2]}, path)
    with pytest.raises(BadInputError, match="is no HiFi-GAN generator"):
        load_hifigan(path, HParams(), CPU)
    with pytest.raises(BadInputError, match="No such file"):
        load_hifigan(tmp_path / "none", HParams(), CPU)
    with pytest.raises(BadInputError, match="must hold one generator"):
        load_hifigan(tmp_path, HParams(), CPU)


def test_unknown_keys_of_a_configuration_are_let_be(published: Write, hifigan: Any) -> None:
    path = published({**hifigan.v3, "dist_config": {"world_size": 1}}, hifigan.weights(hifigan.v3))
    assert json.loads((path.parent / "config.json").read_text(encoding="utf-8"))["dist_config"]
    assert load_hifigan(path, HParams(), CPU).name == "hifigan"
