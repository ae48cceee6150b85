"""The gradient clipper, against torch's own and against percentiles worked out by hand."""

import json
import math
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn

from trainer.hparams import HParams
from trainer.stability import GradientClipper, gradient_norm

Tiny = Callable[..., HParams]
NINE = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]


def parameters(
    norm: float, shapes: Sequence[tuple[int, ...]] = ((3, 4), (5,))
) -> list[nn.Parameter]:
    """Parameters whose whole gradient has the norm; the last one has no gradient."""
    made = [nn.Parameter(torch.zeros(shape)) for shape in (*shapes, (2,))]
    grads = [torch.randn(shape) for shape in shapes]
    total = math.sqrt(sum(float((g.double() ** 2).sum()) for g in grads))
    for parameter, grad in zip(made, grads, strict=False):
        parameter.grad = grad * (norm / total)
    return made


def clipped_norm(clipper: GradientClipper, norm: float) -> float:
    """The norm that is left of a gradient of ``norm``."""
    made = parameters(norm)
    assert clipper.clip(made) == pytest.approx(norm, rel=1e-5)
    return float(gradient_norm(made))


@pytest.mark.parametrize("threshold", [0.01, 1.0, 7.5, 1e6])
@pytest.mark.parametrize("norm", [1e-6, 1.0, 30.0, 1e7])
def test_norm_clipping_is_torchs_to_the_bit(threshold: float, norm: float) -> None:
    mine, torchs = parameters(norm), [nn.Parameter(torch.zeros(s)) for s in ((3, 4), (5,), (2,))]
    for theirs, parameter in zip(torchs, mine, strict=True):
        theirs.grad = None if parameter.grad is None else parameter.grad.clone()
    expected = torch.nn.utils.clip_grad_norm_(torchs, threshold)
    assert GradientClipper(HParams(grad_clip_thresh=threshold)).clip(iter(mine)) == expected.item()
    for theirs, parameter in zip(torchs, mine, strict=True):
        assert (theirs.grad is None) == (parameter.grad is None)
        if theirs.grad is not None and parameter.grad is not None:
            assert torch.equal(theirs.grad, parameter.grad)


def test_none_measures_only() -> None:
    clipper = GradientClipper(HParams(grad_clip="none", grad_clip_thresh=1.0))
    assert clipped_norm(clipper, 500.0) == pytest.approx(500.0, rel=1e-5)
    assert clipper.threshold == math.inf


def test_without_gradients_the_norm_is_zero() -> None:
    bare = [nn.Parameter(torch.zeros(3))]
    for kind in ("none", "norm", "adaptive"):
        assert GradientClipper(HParams(grad_clip=kind)).clip(bare) == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("kind", ["none", "norm", "adaptive"])
def test_a_norm_that_is_not_finite_changes_nothing(kind: str, bad: float) -> None:
    made = parameters(50.0)
    assert made[0].grad is not None
    made[0].grad[0, 0] = bad
    before = [p.grad.clone() for p in made if p.grad is not None]
    clipper = GradientClipper(HParams.model_validate({"grad_clip": kind}))
    assert not math.isfinite(clipper.clip(made))
    after = [p.grad for p in made if p.grad is not None]
    torch.testing.assert_close(after, before, rtol=0.0, atol=0.0, equal_nan=True)
    assert clipper.state() == {"norms": []}


@pytest.mark.parametrize(
    ("percentile", "norms", "threshold"),
    [
        (90.0, NINE, 2.5),  # nine known: not yet
        (50.0, [*NINE, 10.0], 5.5),
        (90.0, [*NINE, 10.0], 9.1),  # linear between the 9th and the 10th
        (10.0, [*NINE, 10.0], 1.9),
        (100.0, [*NINE, 10.0], 10.0),
        (90.0, [*reversed(NINE), 10.0], 9.1),
        (90.0, [*NINE, 10.0, 11.0], 10.0),
        (50.0, [99.0, 99.0, *NINE, 10.0], 5.5),  # the first two are forgotten
    ],
)
def test_adaptive_clips_at_the_percentile(
    percentile: float, norms: list[float], threshold: float
) -> None:
    clipper = GradientClipper(
        HParams(
            grad_clip="adaptive", grad_clip_percentile=percentile, grad_clip_history=
            10 if norms[0] == 99.0 else 200, grad_clip_thresh=2.5,
        )
    )  # fmt: skip
    for norm in norms[:-1]:
        clipped_norm(clipper, norm)
    left = clipped_norm(clipper, norms[-1])
    assert clipper.threshold == pytest.approx(threshold, rel=1e-5)
    assert left == pytest.approx(min(norms[-1], threshold), rel=1e-5)


def test_zero_norms_do_not_clip_everything_after_them_away() -> None:
    clipper = GradientClipper(HParams(grad_clip="adaptive", grad_clip_thresh=2.0))
    for _ in range(20):
        clipper.clip(parameters(0.0))
    assert clipped_norm(clipper, 5.0) == pytest.approx(2.0, rel=1e-5)


@pytest.mark.parametrize("as_number", [False, True])
def test_with_a_norm_that_is_known_already(as_number: bool) -> None:
    made, clipper = parameters(12.0), GradientClipper(HParams(grad_clip_thresh=3.0))
    norm = gradient_norm(made)
    clipper.clip_with(iter(made), norm.item() if as_number else norm)
    assert float(gradient_norm(made)) == pytest.approx(3.0, rel=1e-5)


def test_a_restored_clipper_clips_alike() -> None:
    hparams = HParams(grad_clip="adaptive", grad_clip_history=12)
    one = GradientClipper(hparams)
    for norm in (*NINE, 30.0, 40.0, 50.0, 60.0):
        clipped_norm(one, norm)
    other = GradientClipper(hparams)
    other.restore(json.loads(json.dumps(one.state())))
    for norm in (0.5, 80.0, 3.0, 25.0):
        assert clipped_norm(one, norm) == pytest.approx(clipped_norm(other, norm), rel=1e-5)
        assert one.threshold == pytest.approx(other.threshold, rel=1e-5)
