"""Who speaks: free running for a fixed number of steps, the stop gate shut."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from benchmarks.against import Checkout
from benchmarks.oracle import load_published, published_sizes
from benchmarks.published_loop import PublishedLoop
from benchmarks.setting import Setting
from benchmarks.timing import Contestant, Parts
from benchmarks.trainees import CHECKOUT, LOOP, ORACLE, Weights, common_weights, our_hparams
from benchmarks.workloads import Workload
from trainer.hparams import HParams
from trainer.model import Tacotron2

PARTS = ("frame",)
STEPS, QUICK_STEPS = 200, 10
_GATE = "decoder.gate_layer.linear_layer.bias"
_SHUT = -100.0

Speak = Callable[[], object]


def speakers(workload: Workload, setting: Setting) -> list[Contestant]:
    """Ours, and the published code; what speaks one text at a time is there for one text."""
    steps = QUICK_STEPS if setting.quick else STEPS
    weights = common_weights(workload.hparams)
    weights[_GATE] = torch.full_like(weights[_GATE], _SHUT)
    text = workload.texts(setting.device)
    n_frames = steps * workload.hparams.n_frames_per_step * workload.size
    timed = _Timed(setting, n_frames)
    ours = [
        Contestant(name, True, timed(_ours(hparams, weights, text, steps)))
        for name, hparams in our_hparams(workload.hparams, setting.device).items()
        if hparams.precision == "fp32"  # synthesis is never anything else
    ]
    theirs = {LOOP: _loop(workload, weights, text, steps)}
    if workload.size == 1 and setting.device.type == "cpu":
        theirs[ORACLE] = _oracle(workload, weights, text, steps)
    if workload.size == 1 and setting.checkout is not None:
        theirs[CHECKOUT] = _checkout(Checkout(setting.checkout), workload, weights, text, steps)
    return ours + [Contestant(name, False, timed(speak)) for name, speak in theirs.items()]


class _Timed:
    """Makes runs that say how long a frame took."""

    def __init__(self, setting: Setting, n_frames: int) -> None:
        self._clock, self._n_frames = setting.clock, n_frames

    def __call__(self, speak: Speak) -> Callable[[], Parts]:
        def run() -> Parts:
            start = self._clock.now()
            speak()
            return {"frame": (self._clock.now() - start) / self._n_frames}

        return run


def _ours(hparams: HParams, weights: Weights, text: Tensor, steps: int) -> Speak:
    model = Tacotron2(hparams)
    model.load_state_dict(weights)
    model.to(text.device).eval()
    lengths = torch.full((text.shape[0],), text.shape[1], device=text.device)
    return lambda: model.infer(text, lengths, steps)


def _loop(workload: Workload, weights: Weights, text: Tensor, steps: int) -> Speak:
    model = PublishedLoop(published_sizes(workload.hparams))
    model.load_state_dict(weights)
    model.to(text.device).eval()
    return lambda: model.infer(text, steps)


def _oracle(workload: Workload, weights: Weights, text: Tensor, steps: int) -> Speak:
    sizes = replace(published_sizes(workload.hparams), max_decoder_steps=steps)
    model = load_published().PublishedTacotron2(sizes)
    model.load_state_dict(weights)
    model.eval()
    return lambda: model.infer(text)


def _checkout(
    checkout: Checkout, workload: Workload, weights: Weights, text: Tensor, steps: int
) -> Speak:
    checkout.require_agreement(workload, weights)
    model = checkout.build(workload.hparams, weights).to(text.device).eval()
    return lambda: checkout.infer(model, text, steps)
