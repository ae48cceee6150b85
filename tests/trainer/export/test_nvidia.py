"""Checkpoints for NVIDIA's own code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.checkpoint import Checkpoint
from trainer.cli import main
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.export.nvidia import export_nvidia
from trainer.model import Tacotron2

MakeCheckpoint = Callable[..., Checkpoint]
LIKE_NVIDIA: dict[str, Any] = {
    "n_frames_per_step": 1, "prenet_dims": (16, 16), "mel_normalisation": "none",
    "symbols": "nvidia", "append_eos": False,
}  # fmt: skip


@pytest.mark.parametrize("additions", [{}, {"use_ddc": True, "use_mmi": True}])
def test_four_keys_and_the_published_tensors(
    checkpoint: MakeCheckpoint, tmp_path: Path, additions: dict[str, Any]
) -> None:
    voice = checkpoint(**LIKE_NVIDIA, **additions)
    assert export_nvidia(voice, tmp_path / "voice.pt") == []
    contents = torch.load(tmp_path / "voice.pt", weights_only=True)
    assert list(contents) == ["iteration", "state_dict", "optimizer", "learning_rate"]
    assert (contents["iteration"], contents["learning_rate"]) == (7, 1e-3)
    published = Tacotron2(voice.hparams.model_copy(update=dict.fromkeys(additions, False)))
    published.load_state_dict(contents["state_dict"])  # strictly
    for name, tensor in contents["state_dict"].items():
        assert torch.equal(tensor, voice.state_dict[name])
    optimizer = torch.optim.Adam(published.parameters())
    optimizer.load_state_dict(contents["optimizer"])
    for i, parameter in enumerate(published.parameters()):
        moment = optimizer.state[parameter]["exp_avg"]
        assert torch.equal(moment, voice.optimizer["state"][i]["exp_avg"])


def test_a_checkpoint_without_an_optimiser(checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    voice = checkpoint(**LIKE_NVIDIA)
    object.__setattr__(voice, "optimizer", {})
    export_nvidia(voice, tmp_path / "voice.pt")
    assert torch.load(tmp_path / "voice.pt", weights_only=True)["optimizer"] == {}


def test_it_is_read_again_as_it_was_written(checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    voice = checkpoint(**LIKE_NVIDIA)
    voice.save(tmp_path / "voice.pt")
    command = ["export", "--checkpoint", str(tmp_path / "voice.pt"), "--format", "nvidia"]
    assert main([*command, str(tmp_path / "out.pt")]) is TrainerExit.FINISHED
    assert torch.load(tmp_path / "out.pt", weights_only=True)["iteration"] == 7


def test_what_the_other_code_must_be_told(checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    voice = checkpoint(
        **{**LIKE_NVIDIA, "symbols": "en", "append_eos": True, "mel_normalisation": "scalar"},
        use_gst=True,
    )
    advice = " | ".join(export_nvidia(voice, tmp_path / "voice.pt"))
    for words in ("table 'en'", "end-of-sentence", "by 2 and add -5", "style tokens"):
        assert words in advice


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_frames_per_step": 2}, "n_frames_per_step=2: NVIDIA's code makes one frame a step"),
        ({"prenet_dims": (16, 8)}, r"prenet_dims=\[16, 8\]: NVIDIA's code has layers of one size"),
    ],
)
def test_models_that_the_other_code_lacks(
    checkpoint: MakeCheckpoint, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        export_nvidia(checkpoint(**{**LIKE_NVIDIA, **changes}), tmp_path / "voice.pt")
    assert list(tmp_path.iterdir()) == []
