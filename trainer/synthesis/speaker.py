"""Texts to WAVs: cut, read, made sound, joined, written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tqdm import tqdm

from trainer.synthesis.parts import Part, split_text
from trainer.synthesis.reading import Reader, Reading
from trainer.synthesis.speech import Speech, SpokenSentence, join, write_wav
from trainer.synthesis.texts import Text
from trainer.synthesis.voice import Encoded, Voice
from trainer.vocoder import Samples, Vocoder

_BATCHES_AT_ONCE = 16
"""Sentences of so many batches are sorted by length together, and kept in memory."""

_READ = 0.5
"""The share of a sentence's work that is done when its mel is there."""


@dataclass(frozen=True)
class _Script:
    """A text, cut; parts without a known letter are left out."""

    text: Text
    parts: tuple[Part, ...]
    sequences: tuple[list[int], ...]
    unknown: Counter[str]


@dataclass(frozen=True)
class Speaker:
    """Speaks texts.

    Attributes:
        reader: Has the voice.
        vocoder: Makes the sound.
        max_symbols: Longer sentences are cut.
        pause_seconds: Between two sentences.
        progress: Whether to show bars; None: on a terminal.
    """

    reader: Reader
    vocoder: Vocoder
    max_symbols: int
    pause_seconds: float
    progress: bool | None = None

    def speak(self, texts: Sequence[Text]) -> Iterator[Speech]:
        """Write a WAV for each text that holds a known letter, and tell how each one went."""
        scripts = self._scripts(texts)
        total = sum(len(script.parts) for script in scripts)
        with self._bar(total) as bar:
            for window in self._windows(scripts):
                sequences = [sequence for script in window for sequence in script.sequences]
                readings = iter(self.reader.read(sequences, lambda n: bar.update(_READ * n)))
                for script in window:
                    speech = self._perform(script, [next(readings) for _ in script.parts])
                    bar.update((1 - _READ) * len(speech.sentences))
                    yield speech

    def _scripts(self, texts: Sequence[Text]) -> list[_Script]:
        voice = self._voice
        cut = [split_text(text.text, voice.language, self.max_symbols) for text in texts]
        encoded = iter(voice.encode([part.text for parts in cut for part in parts]))
        return [
            _script(text, parts, [next(encoded) for _ in parts])
            for text, parts in zip(texts, cut, strict=True)
        ]

    def _windows(self, scripts: Sequence[_Script]) -> Iterator[list[_Script]]:
        window: list[_Script] = []
        for script in scripts:
            window.append(script)
            if sum(len(s.parts) for s in window) >= _BATCHES_AT_ONCE * self.reader.batch_size:
                yield window
                window = []
        if window:
            yield window

    def _perform(self, script: _Script, readings: Sequence[Reading]) -> Speech:
        rate = self._voice.hparams.sampling_rate
        sounds = [self.vocoder(reading.mel) for reading in readings]
        seconds = 0.0
        if sounds:
            whole = join(sounds, [part.pause for part in script.parts], self.pause_seconds, rate)
            write_wav(script.text.out, whole, rate)
            seconds = len(whole) / rate
        sentences = tuple(
            _spoken(part, sequence, reading, sound, rate)
            for part, sequence, reading, sound in zip(
                script.parts, script.sequences, readings, sounds, strict=True
            )
        )
        return Speech(script.text.text, script.text.out, seconds, sentences, script.unknown)

    def _bar(self, total: int) -> "tqdm[NoReturn]":
        hidden = None if self.progress is None else not self.progress
        return tqdm(total=total, desc="sentences", unit="", disable=hidden, leave=False)

    @property
    def _voice(self) -> Voice:
        return self.reader.voice


def _script(text: Text, parts: Sequence[Part], encoded: Sequence[Encoded]) -> _Script:
    known = [(part, e.sequence) for part, e in zip(parts, encoded, strict=True) if e.sequence]
    return _Script(
        text,
        tuple(part for part, _ in known),
        tuple(sequence for _, sequence in known),
        sum((e.unknown for e in encoded), Counter()),
    )


def _spoken(
    part: Part, sequence: Sequence[int], reading: Reading, sound: Samples, rate: int
) -> SpokenSentence:
    return SpokenSentence(
        text=part.text,
        n_symbols=len(sequence),
        seconds=len(sound) / rate,
        attempts=reading.attempts,
        failures=reading.judgement.failures,
        alignment_score=reading.judgement.score,
    )
