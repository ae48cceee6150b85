"""Sentences read in batches, judged, and read again where a reading failed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from trainer.synthesis.failures import Judgement, judge_take
from trainer.synthesis.voice import Take, Voice


@dataclass(frozen=True)
class Reading:
    """The best take of one sentence."""

    mel: Tensor
    """[n_mels, T] natural log-mels."""
    judgement: Judgement
    attempts: int
    """How often it was read."""


@dataclass(frozen=True)
class Reader:
    """Reads symbol sequences with one voice.

    Attributes:
        voice: The model.
        batch_size: The most sentences that go through the model at once.
        retries: How often a sentence that failed is read again, under another dropout.
        seed: Of the prenet's dropout.
        style: [1, encoder_embedding_dim] of a reference, or None.
    """

    voice: Voice
    batch_size: int
    retries: int
    seed: int
    style: Tensor | None = None

    def read(
        self, sequences: Sequence[Sequence[int]], progress: Callable[[int], object]
    ) -> list[Reading]:
        """Read all ``sequences``; ``progress`` is told how many have been read for good."""
        best: dict[int, Reading] = {}
        waiting = list(range(len(sequences)))
        for attempt in range(self._attempts):
            again = []
            for batch in batches(waiting, [len(s) for s in sequences], self.batch_size):
                takes = self.voice.speak(
                    [sequences[i] for i in batch], self.seed, attempt, self.style
                )
                for i, take in zip(batch, takes, strict=True):
                    best[i] = self._better(best.get(i), take, attempt)
                failed = [i for i in batch if best[i].judgement.failures]
                again += failed
                last = attempt == self._attempts - 1
                progress(len(batch) if last else len(batch) - len(failed))
            waiting = again
        return [best[i] for i in range(len(sequences))]

    @property
    def _attempts(self) -> int:
        """Without dropout every attempt is the same."""
        return 1 + self.retries if self.voice.hparams.prenet_dropout else 1

    def _better(self, before: Reading | None, take: Take, attempt: int) -> Reading:
        judgement = judge_take(take.mel.numpy(), take.alignment, take.stopped, self.voice.hparams)
        if before is not None and before.judgement.rank >= judgement.rank:
            return Reading(before.mel, before.judgement, attempt + 1)
        return Reading(take.mel, judgement, attempt + 1)


def batches(numbers: Iterable[int], lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """``numbers`` in batches of like length, the longest first; ``lengths[i]`` is that of ``i``.

    Little is padded so, and a batch that does not fit into memory fails at once.
    """
    ordered = sorted(numbers, key=lambda i: (-lengths[i], i))
    for start in range(0, len(ordered), batch_size):
        yield ordered[start : start + batch_size]
