"""The trainer's components: each made once from the hparams, to see that it can be."""

import argparse
import json
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.alignment import score_alignment
from trainer.arguments import hparams_of
from trainer.debug_report import Evidence, write_debug_report
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.hparams import PRESETS, HParams
from trainer.losses import consistency_loss, guided_attention_loss
from trainer.model.coarse_decoder import CoarseDecoder
from trainer.parser import PROGRAM, Parser
from trainer.stability import GradientClipper, GradientMonitor, LearningRateAdapter, Rescue

_SIZE = 8
"""Steps and tokens of the alignment that losses and scores are tried on."""
_CANNOT = (ValueError, RuntimeError, ArithmeticError, OSError)
"""What making a component raises that its settings, or the machine, don't allow."""


@dataclass(frozen=True)
class Component:
    """One component as the hparams set it up."""

    name: str
    on: bool
    room: str
    """What implements it: ``module:name``."""
    settings: dict[str, Any]
    """The hparams that govern it."""


@dataclass(frozen=True)
class _Kind:
    name: str
    room: str
    is_on: Callable[[HParams], bool]
    make: Callable[[HParams], object]
    settings: tuple[str, ...]


def components_command(argv: Sequence[str]) -> TrainerExit:
    """``python -m trainer components``: print every component on standard output."""
    arguments = _parser().parse_args(argv)
    components = assemble(hparams_of(arguments))
    print(as_json(components) if arguments.json else as_table(components))
    return TrainerExit.FINISHED


def assemble(hparams: HParams) -> tuple[Component, ...]:
    """Every component, made once, be it on or off.

    Raises:
        BadInputError: one can't be made; names it and its settings.
    """
    return tuple(_assembled(kind, hparams) for kind in _KINDS)


def as_json(components: Sequence[Component]) -> str:
    """A JSON list, for programs."""
    return json.dumps([asdict(component) for component in components], ensure_ascii=False, indent=2)


def as_table(components: Sequence[Component]) -> str:
    """A line each, for people."""
    width = max(len(component.name) for component in components)
    return "\n".join(
        f"{c.name:{width}}  {'on ' if c.on else 'off'}  {_assignments(c.settings)}"
        for c in components
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=f"{PROGRAM} components",
        description="List the trainer's components: whether each is on, and its settings.",
        allow_abbrev=False,
    )
    parser.add_argument("--preset", default="tacotron2", help=f"one of {', '.join(PRESETS)}")
    parser.add_argument("--hparams", default="", help='overrides, as "use_ddc=true,ddc_r=6"')
    parser.add_argument("--hparams-file", type=Path, help="overrides, as a YAML mapping")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    return parser


def _assembled(kind: _Kind, hparams: HParams) -> Component:
    settings = {name: getattr(hparams, name) for name in kind.settings}
    try:
        kind.make(hparams)
    except _CANNOT as error:
        reason = " ".join(str(error).split())
        raise BadInputError(
            f"{kind.name} can't be assembled: {reason}; look at {_assignments(settings)}"
        ) from error
    return Component(kind.name, kind.is_on(hparams), kind.room, settings)


def _assignments(settings: dict[str, Any]) -> str:
    return " ".join(f"{name}={_shown(value)}" for name, value in settings.items())


def _shown(value: Any) -> str:
    """As ``smart-tuner components`` shows it."""
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _guided_attention(hparams: HParams) -> None:
    """The loss of a perfect alignment."""
    size = torch.tensor([_SIZE])
    loss = guided_attention_loss(
        torch.eye(_SIZE).unsqueeze(0), size, size, hparams.guide_g, hparams.guide_kind
    )
    _require_finite(float(loss))


def _double_decoder(hparams: HParams) -> None:
    """The coarse decoder without its memory, and the loss of two perfect alignments."""
    with torch.device("meta"):
        CoarseDecoder(hparams)
    factors = (hparams.n_frames_per_step, hparams.ddc_r)
    coarse_steps = math.ceil(_SIZE * factors[0] / factors[1])
    size, fine = torch.tensor([_SIZE]), torch.eye(_SIZE).unsqueeze(0)
    _require_finite(float(consistency_loss(fine, fine[:, :coarse_steps], size, size, factors)))


def _diagnostics(hparams: HParams) -> None:
    """The scores of a perfect alignment."""
    _require_finite(score_alignment(np.eye(_SIZE)).overall)


def _debug_reporter(hparams: HParams) -> None:
    """A report of nothing, thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        evidence = Evidence("trial", 0, hparams, hparams.learning_rate)
        write_debug_report(Path(folder) / "report", evidence)


def _require_finite(value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"it gives {value} on a perfect alignment")


_KINDS = (
    _Kind(
        "gradient clipper", "trainer.stability:GradientClipper",
        lambda h: h.grad_clip != "none", GradientClipper,
        ("grad_clip", "grad_clip_thresh", "grad_clip_percentile", "grad_clip_history"),
    ),
    _Kind(
        "gradient stability monitor", "trainer.stability:GradientMonitor",
        lambda h: h.gradient_monitor, GradientMonitor,
        (
            "gradient_monitor", "grad_norm_warning", "grad_norm_critical",
            "grad_norm_settle_steps", "explosion_steps", "explosion_window",
        ),
    ),
    _Kind(
        "smart LR adapter", "trainer.stability:LearningRateAdapter",
        lambda h: h.lr_adapter, LearningRateAdapter,
        (
            "lr_adapter", "lr_adapter_factor", "lr_adapter_floor", "lr_plateau_steps",
            "lr_plateau_evaluations", "lr_plateau_improvement", "lr_recovery_steps",
        ),
    ),
    _Kind(
        "guided attention loss", "trainer.losses:guided_attention_loss",
        lambda h: h.guide_loss_weight > 0.0, _guided_attention,
        (
            "guide_loss_weight", "guide_kind", "guide_g", "guide_decay_start", "guide_stop_step",
        ),
    ),
    _Kind(
        "safe DDC loss", "trainer.losses:consistency_loss",
        lambda h: h.use_ddc, _double_decoder,
        ("use_ddc", "ddc_r", "atten_loss_weight", "ddc_weight", "ddc_coarse_weight"),
    ),
    _Kind(
        "alignment diagnostics", "trainer.alignment:score_alignment",
        lambda h: h.alignment_diagnostics, _diagnostics, ("alignment_diagnostics",),
    ),
    _Kind(
        "debug reporter", "trainer.debug_report:write_debug_report",
        lambda h: h.debug_report, _debug_reporter, ("debug_report",),
    ),
    _Kind(
        "rescue", "trainer.stability:Rescue",
        lambda h: h.rescue, Rescue, ("rescue", "max_restarts", "rescue_factor"),
    ),
)  # fmt: skip
