"""Warm starts: what a model takes over from a checkpoint, and what it says about the rest."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.text import symbol_table
from trainer.warm_start import WarmStart, warm_start

Make = Callable[..., HParams]
EMBEDDING = "embedding.weight"
PROJECTION = {f"decoder.linear_projection.linear_layer.{name}" for name in ("weight", "bias")}


@pytest.fixture
def start_from(tmp_path: Path) -> Callable[..., tuple[WarmStart, Tacotron2, Tacotron2, set[str]]]:
    """Starts a model from another's checkpoint: the report, both, and what came over."""

    def run(
        theirs: HParams, ours: HParams, ignore: Sequence[str] = (), **contents: Any
    ) -> tuple[WarmStart, Tacotron2, Tacotron2, set[str]]:
        source, model = Tacotron2(theirs), Tacotron2(ours)
        for module in source.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.running_mean.uniform_()  # so that it differs from a fresh model's
        before = {key: value.clone() for key, value in model.state_dict().items()}
        torch.save({"iteration": 5, "state_dict": source.state_dict(), **contents}, tmp_path / "c")
        report = warm_start(model, tmp_path / "c", ignore)
        after = model.state_dict()
        changed = {key for key in before if not torch.equal(before[key], after[key])}
        for key in report.loaded:
            assert torch.equal(after[key], source.state_dict()[key])
        assert changed <= set(report.loaded)
        return report, source, model, changed

    return run


@pytest.fixture
def nvidia(tiny: Make) -> Make:
    """Hparams as the public model's, but small."""
    return lambda **changes: tiny(**{"symbols": "nvidia", "append_eos": False, **changes})


def test_everything_comes_over(start_from: Any, nvidia: Make) -> None:
    report, source, model, changed = start_from(nvidia(), nvidia())
    assert (report.left_out, report.notes) == ({}, ())
    assert set(report.loaded) == set(model.state_dict())
    assert all(torch.equal(v, source.state_dict()[k]) for k, v in model.state_dict().items())
    assert {EMBEDDING, "postnet.convolutions.0.1.running_mean"} <= changed


@pytest.mark.parametrize(
    ("ignore", "left_out"),
    [
        ([EMBEDDING], {EMBEDDING}),
        (
            ["embedding", "decoder.prenet.layers.0"],
            {EMBEDDING, "decoder.prenet.layers.0.linear_layer.weight"},
        ),
        (
            ["decoder.gate_layer"],
            {f"decoder.gate_layer.linear_layer.{k}" for k in ("weight", "bias")},
        ),
    ],
)
def test_ignored_layers_stay_as_they_were(
    start_from: Any, nvidia: Make, ignore: list[str], left_out: set[str]
) -> None:
    report, _, model, changed = start_from(nvidia(), nvidia(), ignore)
    assert report.left_out == dict.fromkeys(ignore, "ignored, as --ignore-layers says")
    assert set(model.state_dict()) - set(report.loaded) == left_out
    assert not changed & left_out


def test_a_prefix_ends_at_a_dot(start_from: Any, nvidia: Make) -> None:
    with pytest.raises(BadInputError, match="--ignore-layers: 'embed' is no tensor and no part"):
        start_from(nvidia(), nvidia(), ["embed"])


def test_another_symbol_table_leaves_the_embedding_out(
    start_from: Any, nvidia: Make, tiny: Make
) -> None:
    report, _, model, changed = start_from(nvidia(), tiny())
    n_english = len(symbol_table("en"))
    reason = f"made for another symbol table (148 symbols) than symbols=en ({n_english})"
    assert report.left_out == {EMBEDDING: reason}
    assert set(report.loaded) == set(model.state_dict()) - {EMBEDDING}
    assert "decoder.attention_rnn.weight_ih" in changed


def test_another_table_of_the_same_size_does_too(start_from: Any, tiny: Make) -> None:
    own = list(symbol_table("en").symbols)
    report, *_ = start_from(tiny(), tiny(), symbols=own)
    assert report.left_out == {}
    other = [*own[:-2], own[-1], own[-2]]
    report, *_ = start_from(tiny(), tiny(), symbols=other)
    assert list(report.left_out) == [EMBEDDING]
    report, *_ = start_from(tiny(), tiny())  # a file without a table is the public code's
    assert list(report.left_out) == [EMBEDDING]


@pytest.mark.parametrize(("theirs", "ours"), [(1, 3), (3, 1), (2, 5)])
def test_another_reduction_factor_leaves_the_projection_out(
    start_from: Any, nvidia: Make, theirs: int, ours: int
) -> None:
    report, _, model, changed = start_from(
        nvidia(n_frames_per_step=theirs), nvidia(n_frames_per_step=ours)
    )
    reason = f"made for {theirs} frames a step, this decoder makes {ours}"
    assert report.left_out == dict.fromkeys(PROJECTION, reason)
    assert set(report.loaded) == set(model.state_dict()) - PROJECTION
    assert "decoder.prenet.layers.0.linear_layer.weight" in changed


def test_additions_start_at_random(start_from: Any, nvidia: Make) -> None:
    report, _, model, _ = start_from(nvidia(), nvidia(use_ddc=True, use_mmi=True))
    assert (report.left_out, report.at_random) == ({}, ("coarse_decoder", "recogniser"))
    assert report.notes == (
        "coarse_decoder starts at random: the checkpoint has none",
        "recogniser starts at random: the checkpoint has none",
    )
    assert len(report.loaded) == len(Tacotron2(nvidia()).state_dict())
    assert len(report.loaded) < len(model.state_dict())


def test_parts_that_the_model_lacks_are_named(start_from: Any, nvidia: Make) -> None:
    report, *_ = start_from(nvidia(use_ddc=True), nvidia())
    assert report.left_out == {"coarse_decoder": "this model has none"}
    assert report.notes == ("warm start leaves out coarse_decoder: this model has none",)


def test_the_recogniser_goes_with_its_symbols(start_from: Any, nvidia: Make, tiny: Make) -> None:
    report, *_ = start_from(nvidia(use_mmi=True), tiny(use_mmi=True))
    recogniser = {f"recogniser.symbol_layer.linear_layer.{name}" for name in ("weight", "bias")}
    assert set(report.left_out) == {EMBEDDING} | recogniser
    assert "recogniser.hidden_layer.linear_layer.weight" in report.loaded


def test_other_sizes_are_refused_unless_ignored(start_from: Any, nvidia: Make) -> None:
    wide = nvidia(postnet_embedding_dim=24)
    first = r"postnet\.convolutions\.0\.0\.conv\.weight"
    with pytest.raises(BadInputError, match=rf"c: {first} is \[24, .* --ignore-layers {first}"):
        start_from(wide, nvidia())
    report, *_ = start_from(wide, nvidia(), ["postnet"])
    assert list(report.left_out) == ["postnet"]
    with pytest.raises(BadInputError, match=r"embedding\.weight is \[148, 24\], .* \[148, 16\]"):
        start_from(nvidia(symbols_embedding_dim=24), nvidia())


def test_a_missing_layer_is_refused_unless_ignored(start_from: Any, nvidia: Make) -> None:
    shallow = nvidia(encoder_n_convolutions=1)
    with pytest.raises(
        BadInputError, match=r"lacks encoder\.convolutions\.1\.0\.conv\.weight \(7 of the model's"
    ):
        start_from(shallow, nvidia())
    report, *_ = start_from(shallow, nvidia(), ["encoder.convolutions.1"])
    assert list(report.left_out) == ["encoder.convolutions.1"]


def test_a_layer_too_many_is_named(start_from: Any, nvidia: Make) -> None:
    report, *_ = start_from(nvidia(), nvidia(encoder_n_convolutions=1))
    extra = set(Tacotron2(nvidia()).state_dict()) - set(report.loaded)
    assert len(extra) == 7
    assert report.left_out == dict.fromkeys(extra, "this model has none")


def test_a_diverged_checkpoint_is_refused(nvidia: Make, tmp_path: Path) -> None:
    source, model = Tacotron2(nvidia()), Tacotron2(nvidia())
    source.decoder.gate_layer.linear_layer.bias.data.fill_(torch.nan)
    torch.save(source.state_dict(), tmp_path / "nan.pt")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(
        BadInputError, match=r"decoder\.gate_layer\.linear_layer\.bias is not finite"
    ):
        warm_start(model, tmp_path / "nan.pt")
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_half_precision_of_a_parallel_run(nvidia: Make, tmp_path: Path) -> None:
    source, model = Tacotron2(nvidia()), Tacotron2(nvidia())
    halved = {f"module.{k}": v.half() for k, v in source.state_dict().items()}
    torch.save({"state_dict": halved}, tmp_path / "half.pt")
    report = warm_start(model, tmp_path / "half.pt")
    assert not report.left_out
    assert all(p.dtype == torch.float32 for p in model.parameters())
    torch.testing.assert_close(
        model.embedding.weight, source.embedding.weight, rtol=1e-3, atol=1e-3
    )


def test_other_mels_are_named(start_from: Any, nvidia: Make) -> None:
    theirs = nvidia(mel_normalisation="scalar", mel_fmax=7600.0, n_frames_per_step=1)
    ours = nvidia(mel_normalisation="none", n_frames_per_step=1)
    saved = theirs.model_dump(mode="json")
    report, *_ = start_from(theirs, ours, hparams=saved)
    assert report.other_mels == {
        "mel_fmax": (7600.0, 8000.0), "mel_normalisation": ("scalar", "none"),
    }  # fmt: skip
    assert report.notes[1] == (
        "the warm start's checkpoint was made for mel_normalisation=scalar, now none: it must "
        "learn other mels; set mel_normalisation=scalar to keep what it knows"
    )
    assert not report.left_out
    report, *_ = start_from(theirs, theirs, hparams=saved)
    assert report.notes == ()
    del saved["mel_normalisation"]  # an older version's, which had no such hparam
    report, *_ = start_from(theirs, ours, hparams=saved)
    assert list(report.other_mels) == ["mel_fmax"]
