"""A program that speaks where this package is not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainer.checkpoint import Checkpoint
from trainer.cli import main
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.export.check import ExportMismatchError, require_same
from trainer.export.torchscript import export_torchscript
from trainer.model import Tacotron2
from trainer.text import symbol_table, text_to_sequence
from trainer.vocoder import load_hifigan

MakeCheckpoint = Callable[..., Checkpoint]
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")

# All that a user needs; nothing of this package is imported.
USER = """
import json, sys
import numpy, torch

path, text, out = sys.argv[1:]
extra = {"metadata.json": ""}
program = torch.jit.load(path, map_location="cpu", _extra_files=extra)
metadata = json.loads(extra["metadata.json"])
number = {symbol: i for i, symbol in enumerate(metadata["symbols"])}
ids = [number[symbol] for symbol in text.lower() if symbol in number]
if metadata["eos_id"] is not None:
    ids.append(metadata["eos_id"])
torch.manual_seed(3)
mel, mel_lengths, alignments, stopped = program(torch.tensor([ids]), torch.tensor([len(ids)]))
numpy.save(out, mel[0, :, : int(mel_lengths[0])].numpy())
assert alignments.shape[2] == len(ids)
assert metadata["hparams"]["hop_length"] == 256
print(sorted(name for name in sys.modules if name.partition(".")[0] == "trainer"))
"""


def model_of(checkpoint: Checkpoint) -> Tacotron2:
    model = Tacotron2(checkpoint.hparams)
    model.load_state_dict(checkpoint.state_dict)
    return model.eval()


def test_it_speaks_in_a_process_without_this_package(
    checkpoint: MakeCheckpoint, tmp_path: Path
) -> None:
    voice = checkpoint()
    export_torchscript(voice, tmp_path / "voice.ts")
    done = subprocess.run(
        [sys.executable, "-I", "-c", USER, tmp_path / "voice.ts", "The red queen.", "out.npy"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
    table, model = symbol_table(voice.hparams.symbols), model_of(voice)
    sequence = text_to_sequence("The red queen.", "en", table, append_eos=True)
    torch.manual_seed(3)
    spoken = model.infer(torch.tensor([sequence]), torch.tensor([len(sequence)]))
    frames = int(spoken.mel_lengths[0])
    wanted = voice.scale.restore(spoken.mel_outputs_postnet[0, :, :frames]).numpy()
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), wanted, atol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"padding": "published", "n_frames_per_step": 1, "prenet_dropout": 0.0},
        {"use_ddc": True, "use_mmi": True, "use_gst": True},
        {"language": "ru", "symbols": "ru", "gate_threshold": 0.7, "encoder_n_convolutions": 3},
    ],
    ids=["demo", "published", "additions", "russian"],
)
def test_batches_say_what_the_model_says(
    checkpoint: MakeCheckpoint, tmp_path: Path, changes: dict[str, Any]
) -> None:
    voice = checkpoint(**changes)
    export_torchscript(voice, tmp_path / "voice.ts")
    program = torch.jit.load(tmp_path / "voice.ts")
    text = torch.randint(2, 30, (3, 17))
    lengths = torch.tensor([9, 17, 4])
    text[0, 9:] = text[2, 4:] = 0
    model = model_of(voice)
    torch.manual_seed(1)
    spoken = model.infer(text, lengths)
    torch.manual_seed(1)
    mel, mel_lengths, alignments, stopped = program(text, lengths)
    assert mel_lengths.tolist() == spoken.mel_lengths.tolist()
    assert stopped.tolist() == spoken.stopped.tolist()
    torch.testing.assert_close(alignments, spoken.alignments, atol=1e-5, rtol=0)
    wanted = voice.scale.restore(spoken.mel_outputs_postnet)
    for row, frames in enumerate(mel_lengths.tolist()):
        torch.testing.assert_close(mel[row, :, :frames], wanted[row, :, :frames], atol=1e-4, rtol=0)


def test_the_loop_ends_when_the_speech_does(checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    voice = checkpoint(max_decoder_steps=50)
    bias = voice.state_dict["decoder.gate_layer.linear_layer.bias"]
    shapes = []
    for value in (100.0, -100.0):
        bias.fill_(value)
        export_torchscript(voice, tmp_path / "voice.ts")
        mel, _, _, stopped = torch.jit.load(tmp_path / "voice.ts")(
            torch.tensor([[5, 6, 7, 8]]), torch.tensor([4])
        )
        shapes.append((mel.shape[2], bool(stopped[0])))
    assert shapes == [(3, True), (150, False)]


def test_a_given_style_is_spoken_in(checkpoint: MakeCheckpoint, tmp_path: Path) -> None:
    voice = checkpoint(use_gst=True, prenet_dropout=0.0)
    export_torchscript(voice, tmp_path / "voice.ts")
    program = torch.jit.load(tmp_path / "voice.ts")
    text, lengths, style = torch.tensor([[5, 6, 7, 8]]), torch.tensor([4]), torch.randn(1, 16)
    mel = program(text, lengths, style)[0]
    spoken = model_of(voice).infer(text, lengths, style=style)
    torch.testing.assert_close(
        mel, voice.scale.restore(spoken.mel_outputs_postnet), atol=1e-4, rtol=0
    )
    assert not torch.equal(mel, program(text, lengths)[0])


def test_a_program_that_differs_is_not_written(
    checkpoint: MakeCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = checkpoint()
    export_torchscript(voice, tmp_path / "voice.ts")
    other = model_of(voice)
    with torch.no_grad():
        other.postnet.convolutions[-1][1].bias.add_(1e-3)
    with pytest.raises(ExportMismatchError, match=r"differs from the model by .*e-03 in the mel"):
        require_same(tmp_path / "voice.ts", other, voice.scale, "en")
    monkeypatch.setattr("trainer.export.check.TOLERANCE", -1.0)
    voice.save(tmp_path / "voice.pt")
    arguments = ["--checkpoint", str(tmp_path / "voice.pt"), str(tmp_path / "new.ts")]
    assert main(["export", *arguments]) is TrainerExit.INTERNAL_ERROR
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice.pt", "voice.ts"]


def test_the_command(
    checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint().save(tmp_path / "voice.pt")
    arguments = ["export", "--checkpoint", str(tmp_path / "voice.pt")]
    assert main([*arguments, str(tmp_path / "deep" / "voice.ts")]) is TrainerExit.FINISHED
    assert torch.jit.load(tmp_path / "deep" / "voice.ts").training is False
    (tmp_path / "file").touch()
    assert main([*arguments, str(tmp_path / "file" / "voice.ts")]) is TrainerExit.BAD_INPUT
    assert "file/voice.ts can't be written" in capsys.readouterr().err
    arguments[2] = str(tmp_path / "none.pt")
    assert main([*arguments, str(tmp_path / "x.ts")]) is TrainerExit.BAD_INPUT


def test_the_checkpoint_is_not_overwritten(
    checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voice, link = tmp_path / "voice.pt", tmp_path / "link.pt"
    checkpoint().save(voice)
    link.symlink_to(voice)
    before = voice.read_bytes()
    for out in (voice, link, tmp_path / "nowhere" / ".." / "voice.pt"):
        for kind in ("torchscript", "nvidia"):
            arguments = ["--checkpoint", str(voice), "--format", kind, str(out)]
            assert main(["export", *arguments]) is TrainerExit.BAD_INPUT
            said = capsys.readouterr().err
            assert said == f"error: {out} is the checkpoint: name another file to write\n"
    assert voice.read_bytes() == before


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_program_is_no_checkpoint(
    checkpoint: MakeCheckpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "voice.ts"
    export_torchscript(checkpoint(), program)
    for command in (["export"], ["synthesize", "Hi."]):
        arguments = [*command, "--checkpoint", str(program), str(tmp_path / "a.wav")]
        assert main(arguments) is TrainerExit.BAD_INPUT
        assert capsys.readouterr().err == (
            f"error: {program} is an exported program, not a checkpoint; name the checkpoint that "
            "it was exported from\n"
        )
    with pytest.raises(BadInputError, match=r"vocoder: .*voice\.ts is an exported program"):
        load_hifigan(program, checkpoint().hparams, torch.device("cpu"))
