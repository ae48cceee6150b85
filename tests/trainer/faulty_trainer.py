"""``python -m trainer`` with one thing going wrong: ``faulty_trainer.py FAULT [STEPS] -- ARGV``.

What breaks is broken for real where that can be done: files that may not grow, memory that isn't
there, a signal. Numbers that go wrong once in a million steps are put in where the trainer looks
at them: the loss, the gradients, the attention. STEPS are the 0-based steps on which it happens,
each once: ``5`` or ``5,6,7``; a resumed or rescued run meets it again only with ``always``.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

import torch

import trainer.examination
import trainer.model.decoder
import trainer.step
from trainer.cli import main
from trainer.model.recurrence import AttentionInputs

_UNSAVABLE_BYTES = 150_000
Stepper = trainer.step.Stepper


class Faults:
    """One kind of fault, on the steps where it happens."""

    def __init__(self, steps: str) -> None:
        self._always = steps.endswith("always")
        self._left = [int(s) for s in steps.removesuffix("always").split(",") if s]
        self._from = self._left[0] if self._left else 0

    def due(self, step: int) -> bool:
        if self._always:
            return step >= self._from
        if step not in self._left:
            return False
        self._left.remove(step)
        return True

    def after_gradients(self, change: Callable[[torch.Tensor], Any]) -> None:
        """Change every gradient, once all micro-batches have added theirs."""
        accumulate = Stepper._accumulate

        def faulty(stepper: Any, batch: Any) -> Any:
            sums = accumulate(stepper, batch)
            if self.due(stepper._state.step):
                for parameter in stepper._state.model.parameters():
                    change(parameter.grad)
            return sums

        Stepper._accumulate = faulty  # type: ignore[method-assign]

    def nan_loss(self) -> None:
        loss = trainer.step.training_loss

        def faulty(*args: Any, **options: Any) -> Any:
            terms = loss(*args, **options)
            if self.due(options["step"]):
                object.__setattr__(terms, "loss", terms.loss * float("nan"))
            return terms

        trainer.step.training_loss = faulty  # type: ignore[assignment]

    def inf_gradient(self) -> None:
        self.after_gradients(lambda gradient: gradient.flatten()[:1].fill_(float("inf")))

    def huge_gradient(self) -> None:
        self.after_gradients(lambda gradient: gradient.mul_(1e6))

    def frozen_attention(self) -> None:
        """Attention stays on the first token, whatever the text."""
        decode = trainer.model.decoder.attention_loop

        def faulty(inputs: AttentionInputs, *args: Any) -> Any:
            hidden, contexts, weights = decode(inputs, *args)
            frozen = torch.zeros_like(weights)
            frozen[:, :, 0] = 1.0
            return hidden, inputs.memory[:, 0].expand_as(contexts), frozen + 0.0 * weights

        trainer.model.decoder.attention_loop = faulty  # type: ignore[assignment]

    def full_disk(self) -> None:
        """Files can't grow beyond a size that only checkpoints have."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (_UNSAVABLE_BYTES, resource.RLIM_INFINITY))

    def no_room(self) -> None:
        """Nothing can be written any more."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def room_for_two(self) -> None:
        """No memory for more than two utterances at once, from a step on."""
        loss = Stepper.loss

        def faulty(stepper: Any, batch: Any, *args: Any, **options: Any) -> Any:
            if len(batch.ids) > 2 and stepper._state.step >= self._from:
                torch.empty(1 << 60)
            return loss(stepper, batch, *args, **options)

        Stepper.loss = faulty  # type: ignore[method-assign]

    def out_of_memory(self) -> None:
        loss = trainer.step.training_loss

        def faulty(*args: Any, **options: Any) -> Any:
            if self.due(options["step"]):
                torch.empty(1 << 60)
            return loss(*args, **options)

        trainer.step.training_loss = faulty  # type: ignore[assignment]

    def sigterm_in_validation(self) -> None:
        evaluate = trainer.examination.evaluate

        def faulty(*args: Any) -> Any:
            os.kill(os.getpid(), signal.SIGTERM)
            return evaluate(*args)

        trainer.examination.evaluate = faulty  # type: ignore[assignment]


if __name__ == "__main__":
    divider = sys.argv.index("--")
    fault, *steps = sys.argv[1:divider]
    getattr(Faults(steps[0] if steps else ""), fault)()
    sys.exit(main(sys.argv[divider + 1 :]))
