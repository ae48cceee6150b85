"""Hyperparameters: presets, overrides in any form, and one clear line about a wrong one."""

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, parse_assignments, parse_hparams, read_hparams_file


def test_the_defaults_are_the_preset_tacotron2() -> None:
    hparams = HParams()
    assert HParams.preset("tacotron2") == hparams
    assert (hparams.learning_rate, hparams.guide_loss_weight) == (1e-4, 2.5)
    assert (hparams.grad_clip_thresh, hparams.gate_positive_weight) == (1.0, 5.0)
    assert (hparams.n_frames_per_step, hparams.padding) == (1, "published")
    assert hparams.mel_normalisation == "none"


def test_the_preset_demo() -> None:
    demo = HParams.preset("demo")
    assert (demo.learning_rate, demo.guide_g, demo.n_frames_per_step) == (6e-3, 0.3, 3)
    assert (demo.padding, demo.mel_normalisation, demo.append_eos) == ("masked", "scalar", True)


def test_an_unknown_preset() -> None:
    with pytest.raises(BadInputError, match="unknown preset 'dmo'; did you mean 'demo'"):
        HParams.preset("dmo")


def test_frozen_and_copied() -> None:
    hparams = HParams()
    with pytest.raises(ValidationError):
        hparams.learning_rate = 1.0  # type: ignore[misc]
    copy = hparams.model_copy(update={"prenet_dropout": 0.0})
    assert (copy.prenet_dropout, hparams.prenet_dropout) == (0.0, 0.5)


@pytest.mark.parametrize("name", ["tacotron2", "demo"])
def test_through_json_and_back(name: str) -> None:
    hparams = HParams.preset(name)
    assert parse_hparams(hparams.model_dump(mode="json"), HParams()) == hparams


def test_overrides_keep_the_rest() -> None:
    demo = HParams.preset("demo")
    changed = parse_hparams({"learning_rate": "1e-2", "batch_size": "8"}, demo)
    assert (changed.learning_rate, changed.batch_size) == (0.01, 8)
    assert changed.model_copy(update={"learning_rate": 6e-3, "batch_size": demo.batch_size}) == demo
    assert parse_hparams({}, demo) == demo


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"learning_rte": 1}, "unknown hparam 'learning_rte'; did you mean 'learning_rate'?"),
        ({"zzz": 1}, "unknown hparam 'zzz'"),
        ({"learning_rate": 20}, "hparam learning_rate=20: input should be less than"),
        ({"learning_rate": 0}, "hparam learning_rate=0: input should be greater than 0"),
        ({"learning_rate": "fast"}, "hparam learning_rate='fast': input should be a number"),
        ({"learning_rate": math.nan}, "hparam learning_rate=nan: input should be a finite"),
        ({"guide_loss_weight": "inf"}, "weight='inf': input should be a finite number"),
        ({"mel_fmin": math.nan}, "mel_fmin=nan"),
        ({"batch_size": 2.5}, "hparam batch_size=2.5: input should be a whole number"),
        ({"prenet_dropout": 1.0}, "hparam prenet_dropout=1.0: input should be less than 1"),
        ({"n_frames_per_step": 0}, "hparam n_frames_per_step=0"),
        ({"prenet_dims": [0, 8]}, r"hparam prenet_dims\.0=0"),
        ({"prenet_dims": "16"}, "hparam prenet_dims='16': input should be a list of 2 numbers"),
        ({"prenet_dims": [9, 6, 3]}, r"dims=\[9, 6, 3\]: .* such as prenet_dims=\[256,256\]"),
        ({"prenet_dims": [96]}, r"hparam prenet_dims=\[96\]: input should be a list of 2"),
        ({"gst_reference_filters": []}, "a list of one number or more, such as gst_"),
        (
            {"guide_decay_start": 5},
            r"guide_stop_step, .* \(none is set\): set guide_stop_step above",
        ),
        ({"grad_norm_critical": 5}, "critical=5: lower grad_norm_warning as well, or raise"),
        ({"padding": "none"}, "hparam padding='none': input should be 'published' or 'masked'"),
        ({"padding": "mask"}, r"input should be 'published' or 'masked'; did you mean 'masked'\?"),
        ({"use_ddc": "j"}, "hparam use_ddc='j': input should be true or false"),
        ({"prenet_dims": 16}, "hparam prenet_dims=16: input should be a list"),
        ({"batch_size": True}, "hparam batch_size=True: input should be a whole number"),
        ({"mel_fmax": 12_000}, "mel_fmax=12000 .* half of sampling_rate=22050"),
        ({"mel_fmin": 9000}, "mel_fmax=8000 must lie above mel_fmin=9000"),
        ({"win_length": 2048}, "win_length=2048 must not exceed filter_length=1024"),
        ({"hop_length": 600}, "hop_length=600 must not exceed half of win_length=1024"),
        ({"encoder_embedding_dim": 17}, "encoder_embedding_dim=17 must be even"),
        ({"postnet_kernel_size": 4}, "postnet_kernel_size=4 must be odd"),
        ({"attention_location_kernel_size": 30}, "attention_location_kernel_size=30 must be odd"),
        ({"symbols": "nvidia", "append_eos": True}, "append_eos=True needs .* append_eos=false"),
    ],
)
def test_what_is_out_of_range(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        parse_hparams(overrides, HParams())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        (" ", {}),
        ("learning_rate=1e-4", {"learning_rate": "1e-4"}),
        (" a = 1 , b=x ", {"a": "1", "b": "x"}),
        ("a=1,", {"a": "1"}),
        ("prenet_dims=[16, 8],a=1", {"prenet_dims": [16, 8], "a": "1"}),
        ("prenet_dims=(16,8)", {"prenet_dims": [16, 8]}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_assignments(text: str, values: dict[str, Any]) -> None:
    assert parse_assignments(text) == values


def test_the_users_own_assignments() -> None:
    text = "learning_rate=1e-4,guide_loss_weight=2.5,grad_clip_thresh=1.0"
    assert parse_hparams(parse_assignments(text), HParams()) == HParams()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rate", "'learning_rate' is not of the form name=value"),
        ("learning_rate=", "'learning_rate=' is not of the form"),
        ("=3", "'=3' is not of the form"),
        ("a=1,,b=2", "'' is not of the form"),
        ("prenet_dims=[16", r"prenet_dims=\[16 is not a list such as \[256, 256\]"),
        ("prenet_dims=[16,8", r"is not a list such as"),
        ("prenet_dims=16,8", r"'8' is not .* in brackets, as in prenet_dims=\[256,256\]"),
        ("a=1, a =2", "'a' is given twice; leave out all but one"),
    ],
)
def test_what_is_no_assignment(text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        parse_assignments(text)
    assert "\n" not in str(caught.value)


def test_a_file_of_hparams(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_text("# мои\nlearning_rate: 2e-3\nprenet_dims: [16, 8]\n", encoding="utf-8")
    hparams = parse_hparams(read_hparams_file(path), HParams())
    assert (hparams.learning_rate, hparams.prenet_dims) == (2e-3, (16, 8))
    path.write_text("", encoding="utf-8")
    assert read_hparams_file(path) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- a\n- b\n", "must hold 'name: value' lines"),
        (b"a: [1\n", "is not YAML"),
        (b"a: \xff\xfe\n", "is not YAML"),
        (b"a: b: c\n", "is not YAML"),
        (b"a: 1\nb: 2\na: 3\n", "line 3: the key 'a' stands twice .*; leave out all but one"),
    ],
)
def test_what_is_no_file_of_hparams(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "h.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=message) as caught:
        read_hparams_file(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_hparams(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none\.yaml: No such file"):
        read_hparams_file(tmp_path / "none.yaml")
    with pytest.raises(BadInputError, match="Is a directory"):
        read_hparams_file(tmp_path)
