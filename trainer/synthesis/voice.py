"""A trained model that speaks: symbols in, log-mels out."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.audio import MelExtractor
from trainer.checkpoint import Checkpoint
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.synthesis.reference import read_reference
from trainer.synthesis.seeded_prenet import SeededPrenet
from trainer.text import Language, SymbolTable, readings, symbol_table


@dataclass(frozen=True)
class Encoded:
    """A text as symbols."""

    sequence: list[int]
    """Their numbers, with the end of sentence; empty where no letter or phoneme is known."""
    unknown: Counter[str]
    """Symbols that the voice does not know, with their counts; left out."""


@dataclass(frozen=True)
class Take:
    """One reading of one utterance."""

    mel: Tensor
    """[n_mels, T] natural log-mels on the CPU, up to the stop or the cap."""
    alignment: NDArray[np.float64]
    """[T / r, N]."""
    stopped: bool
    """False: the stop gate never opened."""


class Voice:
    """A checkpoint's model on one device, in eval mode."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self.hparams: HParams = checkpoint.hparams
        self.language: Language = checkpoint.language
        self.table: SymbolTable = symbol_table(checkpoint.hparams.symbols)
        self.iteration = checkpoint.iteration
        self._scale = checkpoint.scale
        self._device = device
        self._model = Tacotron2(self.hparams)
        self._prenet = SeededPrenet(self.hparams)
        self._model.decoder.prenet = self._prenet
        self._model.load_state_dict(checkpoint.state_dict)
        self._model.to(device).eval()

    @classmethod
    def load(cls, path: Path, device: torch.device) -> Self:
        """The voice in the checkpoint ``path``; :class:`BadInputError` where there is none."""
        return cls(Checkpoint.load(path, "cpu"), device)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Texts as symbols; all at once, because phonemes cost a process a call."""
        return [
            Encoded(self._encode(reading), self.table.unknown(reading))
            for reading in readings(texts, self.language, self.table)
        ]

    def _encode(self, reading: str) -> list[int]:
        """Nothing where only spaces, marks and stress would be left: that is spoken as noise."""
        if not any(_is_sound(self.table.symbols[i]) for i in self.table.encode(reading)):
            return []
        return self.table.encode(reading, self.hparams.append_eos)

    def style(self, reference: Path) -> Tensor:
        """The style [1, encoder_embedding_dim] of a recording.

        Raises:
            BadInputError: The voice has no style tokens, or the recording can't be read, is silent
                or too short.
        """
        if not self.hparams.use_gst:
            raise BadInputError(
                f"reference {reference}: this voice has no style tokens (use_gst=False); train one "
                "with use_gst=true, or speak without a reference"
            )
        wav = read_reference(reference, self.hparams.sampling_rate)
        mel = self._scale.normalise(MelExtractor(self.hparams)(torch.from_numpy(wav)))
        lengths = torch.tensor([mel.shape[1]], device=self._device)
        return self._model.style_of(mel[None].to(self._device), lengths)

    def speak(
        self,
        sequences: Sequence[Sequence[int]],
        seed: int,
        attempt: int = 0,
        style: Tensor | None = None,
    ) -> list[Take]:
        """Speak utterances in one padded batch, each with its own dropout.

        Args:
            sequences: Symbols, at least one each.
            seed: The same seed gives the same sound, whatever else is in the batch.
            attempt: Another attempt, another dropout.
            style: [1, encoder_embedding_dim]; None: as the text suggests, where the voice has
                styles.
        """
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        text = torch.zeros(len(sequences), int(lengths.max()), dtype=torch.long)
        for row, sequence in enumerate(sequences):
            text[row, : len(sequence)] = torch.tensor(sequence)
        seeds = [utterance_seed(sequence, seed, attempt) for sequence in sequences]
        self._prenet.seed(seeds)
        with torch.no_grad():
            spoken = self._model.infer(text.to(self._device), lengths.to(self._device), style=style)
        mels = self._scale.restore(spoken.mel_outputs_postnet).float().cpu()
        alignments = spoken.alignments.double().cpu().numpy()
        return [
            Take(
                mel=mels[row, :, :frames].clone(),
                alignment=alignments[
                    row, : frames // self.hparams.n_frames_per_step, : len(sequence)
                ].copy(),
                stopped=stopped,
            )
            for row, (sequence, frames, stopped) in enumerate(
                zip(sequences, spoken.mel_lengths.tolist(), spoken.stopped.tolist(), strict=True)
            )
        ]


def _is_sound(symbol: str) -> bool:
    """Whether it is a letter, a sound's own sign or ARPAbet, and no mark, space or stress."""
    return symbol.startswith("@") or unicodedata.category(symbol) in ("Ll", "Lu", "Lo")


def utterance_seed(sequence: Sequence[int], seed: int, attempt: int) -> int:
    """The seed of an utterance's dropout: a function of what is said, the seed, the attempt."""
    key = f"{seed}:{attempt}:{','.join(map(str, sequence))}"
    return int.from_bytes(hashlib.sha256(key.encode("ascii")).digest()[:8], "big") >> 1
