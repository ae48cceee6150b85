"""Speech from a checkpoint."""

from dataclasses import dataclass
from pathlib import Path

import soundfile
import torch

from trainer.audio import griffin_lim
from trainer.checkpoint import Checkpoint
from trainer.exit_codes import BadInputError
from trainer.model import Tacotron2
from trainer.paths import atomic_path
from trainer.text import symbol_table, text_to_sequence, unknown_symbols


@dataclass(frozen=True)
class Speech:
    """What was spoken."""

    seconds: float
    stopped: bool
    """False: the stop gate never opened and the speech was cut at the cap."""
    unknown: dict[str, int]
    """Symbols of the text that the voice does not know, with their counts; left out."""


def synthesize(
    checkpoint_path: Path, text: str, out: Path, device: torch.device, seed: int
) -> Speech:
    """Speak ``text`` to the WAV ``out``.

    Raises:
        BadInputError: the checkpoint can't be used, the text holds no known symbol, or ``out``
            can't be written.
    """
    if out.suffix.lower() != ".wav":
        raise BadInputError(f"{out}: only WAV is written; let the name end in .wav")
    checkpoint = Checkpoint.load(checkpoint_path, device)
    hparams, table = checkpoint.hparams, symbol_table(checkpoint.hparams.symbols)
    sequence = text_to_sequence(text, checkpoint.language, table, append_eos=False)
    if not sequence:
        raise BadInputError(
            f"text {text!r} holds no symbol that this voice knows (symbols={table.name})"
        )
    sequence = text_to_sequence(text, checkpoint.language, table, hparams.append_eos)
    model = Tacotron2(hparams).to(device)
    model.load_state_dict(checkpoint.state_dict)
    model.eval()
    torch.manual_seed(seed)
    ids = torch.tensor([sequence], device=device)
    spoken = model.infer(ids, torch.tensor([len(sequence)], device=device))
    frames = int(spoken.mel_lengths[0])
    mel = checkpoint.scale.restore(spoken.mel_outputs_postnet[0, :, :frames])
    wav = griffin_lim(mel, hparams, n_iterations=60)
    _write(out, wav, hparams.sampling_rate)
    return Speech(
        seconds=len(wav) / hparams.sampling_rate,
        stopped=bool(spoken.stopped[0]),
        unknown=dict(unknown_symbols([text], checkpoint.language, table)),
    )


def _write(out: Path, wav: object, sampling_rate: int) -> None:
    try:
        with atomic_path(out) as temporary:
            soundfile.write(temporary, wav, sampling_rate, format="WAV", subtype="PCM_16")
    except OSError as error:
        raise BadInputError(f"{out} can't be written: {error.strerror}") from None
