"""What changes from step to step; a checkpoint holds all of it."""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

from trainer.checkpoint import Best, Checkpoint, Continuation
from trainer.data import MelScale
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.hparams.stability import StabilityHParams
from trainer.model import Tacotron2
from trainer.nvidia import load_single_group, to_single_group
from trainer.optimizer import build_optimizer
from trainer.precision import Precision
from trainer.random_states import random_states, restore_random_states, seed_all
from trainer.ranks import Ranks
from trainer.stability.kit import StabilityKit
from trainer.stability.lr_adapter import Adaptation
from trainer.text import Language

RECENT_STEPS = 200
_MAY_CHANGE = {"micro_batch_size", "precision", "decoder_backend", *StabilityHParams.model_fields}
"""Hparams that a resumed run may have otherwise: they change how it is trained, not what."""
_SHOWN = 3


class TrainingState:
    """Model, optimiser, precision, stability kit, position and best evaluation."""

    def __init__(self, hparams: HParams, ranks: Ranks, data: str) -> None:
        """A fresh model, drawn from ``hparams.seed``; ``data`` identifies the training set."""
        seed_all(hparams.seed)
        self.hparams, self.ranks, self.data = hparams, ranks, data
        self.model = Tacotron2(hparams).to(ranks.device)
        self.optimizer = build_optimizer(self.model, hparams)
        self.precision = Precision(hparams, ranks.device)
        self.stability = StabilityKit(hparams)
        self.step = 0
        self.best: Best | None = None
        self.gaf = 0.0
        self.recent: deque[dict[str, float]] = deque(maxlen=RECENT_STEPS)
        if ranks.rank:  # all have the same weights, each its own dropout
            seed_all(hparams.seed + ranks.rank)

    @property
    def n_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def capture(self, language: Language, scale: MelScale) -> Checkpoint:
        """The state as a checkpoint; every rank has to call it."""
        return Checkpoint(
            iteration=self.step,
            state_dict=self.model.state_dict(),
            optimizer=to_single_group(self.optimizer, self.model),
            learning_rate=float(self.optimizer.param_groups[0]["lr"]),
            hparams=self.hparams,
            language=language,
            scale=scale,
            continuation=Continuation(
                random_states=self.ranks.gather(random_states(self.ranks.device)),
                scaler=self.precision.scaler.state_dict(),
                stability=self.stability.state(),
                gaf=self.gaf,
                recent=list(self.recent),
                data=self.data,
                best=self.best,
            ),
        )

    def resume(self, checkpoint: Checkpoint, name: str) -> str:
        """Go on from ``checkpoint``, called ``name`` in errors; which hparams are new, in words.

        Raises:
            BadInputError: it was trained with other hparams or other data.
        """
        _require_same(self.hparams, checkpoint.hparams, name)
        continuation = self._load(checkpoint, name)
        if continuation.data != self.data:
            raise BadInputError(
                f"checkpoint {name} was trained on another corpus, or the corpus changed since: "
                "use another run directory, or the same corpus"
            )
        self.best = continuation.best
        self.stability.restore(continuation.stability)
        return _changes(self.hparams, checkpoint.hparams, _MAY_CHANGE)

    def go_back(self, checkpoint: Checkpoint, name: str) -> list[Adaptation]:
        """A rescue: weights, optimiser and randomness of ``checkpoint``, at a lower rate."""
        continuation = self._load(checkpoint, name)
        return self.stability.go_back(continuation.stability, self.step)

    def _load(self, checkpoint: Checkpoint, name: str) -> Continuation:
        continuation = checkpoint.continuation
        if continuation is None:
            raise BadInputError(
                f"checkpoint {name} holds no training to go on with: use it with --warm-start"
            )
        self.model.load_state_dict(checkpoint.state_dict)
        load_single_group(self.optimizer, self.model, checkpoint.optimizer)
        self.precision = Precision(self.hparams, self.ranks.device)
        self.precision.scaler.load_state_dict(dict(continuation.scaler))
        self.step, self.gaf = checkpoint.iteration, continuation.gaf
        self.recent = deque(map(dict, continuation.recent), maxlen=RECENT_STEPS)
        self._restore_randomness(continuation.random_states)
        return continuation

    def _restore_randomness(self, states: Any) -> None:
        if len(states) == self.ranks.world:
            restore_random_states(states[self.ranks.rank], self.ranks.device)
            return
        # Another number of processes can't draw the same: it draws anew, still by the seed.
        seed_all(self.hparams.seed + self.step + self.ranks.rank)


def note_of(metrics: Mapping[str, float], step: int, skipped: bool) -> dict[str, float]:
    """One step's numbers as :attr:`TrainingState.recent` keeps them."""
    return {"step": float(step), **metrics, "skipped": float(skipped)}


def _require_same(mine: HParams, theirs: HParams, name: str) -> None:
    if changed := _changes(mine, theirs, HParams.model_fields.keys() - _MAY_CHANGE):
        raise BadInputError(
            f"checkpoint {name} was trained with another {changed}: "
            "use another run directory, or the same hparams"
        )


def _changes(mine: HParams, theirs: HParams, among: Collection[str]) -> str:
    """``learning_rate (0.001, now 0.002), …`` of those that differ; empty where none does."""
    changed = [n for n in HParams.model_fields if n in among]
    changed = [n for n in changed if getattr(mine, n) != getattr(theirs, n)]
    shown = [f"{n} ({getattr(theirs, n)}, now {getattr(mine, n)})" for n in changed[:_SHOWN]]
    more = [f"{len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else []
    return ", ".join([*shown, *more])
