"""Who takes training steps: ours, by backend, and the published code, in several hands."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.against import Checkout
from benchmarks.oracle import load_published, published_sizes
from benchmarks.published_loop import PublishedLoop
from benchmarks.setting import Setting
from benchmarks.training import TrainingStep, published_optimizer
from benchmarks.workloads import Workload
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.model.recurrence import kernels_for
from trainer.optimizer import build_optimizer
from trainer.precision import Precision
from trainer.stability import GradientClipper

LOOP, ORACLE, CHECKOUT = "published loop", "spelled out", "NVIDIA/tacotron2"
_SEED = 1234
_LARGEST_ORACLE = 12
"""Utterances; with more, its graph takes more memory than a common machine has."""

Weights = dict[str, Tensor]
Trainees = dict[str, Callable[[], TrainingStep]]
"""By name, each made when it is called for."""


def our_hparams(hparams: HParams, device: torch.device) -> dict[str, HParams]:
    """What of ours is measured: each backend that there is for ``device``, by name."""
    on_cpu = {"decoder_backend": "torch"}, {"decoder_backend": "native"}
    if device.type == "cpu":
        has_native = kernels_for("auto", torch.empty(0)).name == "native"
        changes = {c["decoder_backend"]: c for c in on_cpu[: 2 if has_native else 1]}
    else:
        changes = {"torch": on_cpu[0], "torch, bf16": {**on_cpu[0], "precision": "bf16"}}
    return {name: hparams.model_copy(update=change) for name, change in changes.items()}


def common_weights(hparams: HParams) -> Weights:
    """The state dict that every contestant begins with."""
    torch.manual_seed(_SEED)
    return Tacotron2(hparams).state_dict()


def our_trainees(workload: Workload, setting: Setting) -> Trainees:
    """Ours, by backend and precision."""
    variants = our_hparams(workload.hparams, setting.device)
    if setting.device.type == "cuda":
        graphs = {  # for training only: they speak as torch does
            name.replace("torch", "graphs"): h.model_copy(update={"decoder_backend": "graphs"})
            for name, h in variants.items()
        }
        variants |= graphs
    return {name: partial(_ours, workload, h, setting) for name, h in variants.items()}


def their_trainees(workload: Workload, setting: Setting) -> Trainees:
    """The published code."""
    makers: Trainees = {LOOP: partial(_loop, workload, setting)}
    if setting.device.type == "cpu" and workload.size <= _LARGEST_ORACLE:
        makers[ORACLE] = partial(_oracle, workload, setting)
    first, second = workload.hparams.prenet_dims
    is_published = workload.hparams.n_frames_per_step == 1 and first == second
    if setting.checkout is not None and is_published:
        makers[CHECKOUT] = partial(_checkout, workload, setting, setting.checkout)
    return makers


def _ours(workload: Workload, hparams: HParams, setting: Setting) -> TrainingStep:
    model = Tacotron2(hparams)
    model.load_state_dict(common_weights(hparams))
    model.to(setting.device)
    clipper = GradientClipper(hparams)
    return TrainingStep(
        model,
        workload.batch(setting.device),
        build_optimizer(model, hparams),
        clip=lambda model: clipper.clip(model.parameters()),
        autocast=Precision(hparams, setting.device).autocast,
    )


def _loop(workload: Workload, setting: Setting) -> TrainingStep:
    model = PublishedLoop(published_sizes(workload.hparams))
    model.load_state_dict(common_weights(workload.hparams))
    model.to(setting.device)
    return TrainingStep(model, workload.batch(setting.device), published_optimizer(model))


def _oracle(workload: Workload, setting: Setting) -> TrainingStep:
    model = load_published().PublishedTacotron2(published_sizes(workload.hparams))
    model.load_state_dict(common_weights(workload.hparams))
    return TrainingStep(model, workload.batch(setting.device), published_optimizer(model))


def _checkout(workload: Workload, setting: Setting, folder: Path) -> TrainingStep:
    checkout, weights = Checkout(folder), common_weights(workload.hparams)
    checkout.require_agreement(workload, weights)
    model = checkout.build(workload.hparams, weights).to(setting.device)
    return TrainingStep(
        model,
        workload.batch(setting.device),
        published_optimizer(model),
        forward=checkout.forward,
        loss=checkout.loss,
    )
