"""Whether an exported program says what the model says."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from trainer.data import MelScale
from trainer.model import SynthesisOutputs, Tacotron2
from trainer.text import Language, symbol_table, texts_to_sequences

TOLERANCE = 1e-4
"""Of natural log-mels; alignments are held to a tenth of it."""
_SENTENCES = {
    "en": ("The quick brown fox jumps over the lazy dog.", "Who, me?"),
    "ru": ("Съешь ещё этих мягких французских булок, да выпей чаю.", "Кто, я?"),
}
_SEED = 20171216


class ExportMismatchError(RuntimeError):
    """The exported program differs from the model that it was made of."""


def require_same(path: Path, model: Tacotron2, scale: MelScale, language: Language) -> None:
    """Load the program in ``path`` and have it and ``model`` speak two sentences as one batch.

    Raises:
        ExportMismatchError: They differ in the length, in the mel or in the attention.
    """
    program: torch.jit.ScriptModule = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
    text, lengths = _batch(model, language)
    torch.manual_seed(_SEED)
    expected = model.infer(text, lengths)
    torch.manual_seed(_SEED)
    mel, mel_lengths, alignments, stopped = program(text, lengths)
    same_end = torch.equal(mel_lengths, expected.mel_lengths)
    if not (same_end and torch.equal(stopped, expected.stopped)):
        raise ExportMismatchError(
            f"the exported program speaks {mel_lengths.tolist()} frames, the model "
            f"{expected.mel_lengths.tolist()}"
        )
    mel_error = _largest_error(mel, scale.restore(expected.mel_outputs_postnet), expected)
    attention_error = float((alignments - expected.alignments).abs().max())
    if not (mel_error <= TOLERANCE and attention_error <= TOLERANCE / 10):
        raise ExportMismatchError(
            f"the exported program differs from the model by {mel_error:.1e} in the mel and "
            f"{attention_error:.1e} in the attention"
        )


def _batch(model: Tacotron2, language: Language) -> tuple[Tensor, Tensor]:
    hparams = model.hparams
    table = symbol_table(hparams.symbols)
    numbers = texts_to_sequences(_SENTENCES[language], language, table, hparams.append_eos)
    sequences = [torch.tensor(sequence) for sequence in numbers]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return pad_sequence(sequences, batch_first=True), lengths


def _largest_error(mel: Tensor, wanted: Tensor, expected: SynthesisOutputs) -> float:
    """Over the valid frames; NaN stays NaN."""
    errors = [
        (mel[row, :, :frames] - wanted[row, :, :frames]).abs().max()
        for row, frames in enumerate(expected.mel_lengths.tolist())
    ]
    return float(torch.stack(errors).max())
