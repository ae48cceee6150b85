"""The text of a report, and the advice in it."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trainer.debug_report import BatchUtterance, Evidence, Sample
from trainer.debug_report.advice import advice
from trainer.debug_report.prose import explain
from trainer.hparams import HParams

MakeEvidence = Callable[..., Evidence]
MakeStep = Callable[..., dict[str, float]]


def test_an_explosion_in_words(evidence: MakeEvidence) -> None:
    made = evidence()
    text = explain(made, made.steps[-200:], ["curves.png"])
    for said in (
        "# gradient_explosion at step 250\n",
        "above 100 on at least 5 of the last 20 steps",
        "Seen: gradient.norm was 21870.",
        "learning rate: 0.003 (factor 0.5",
        "rescues in a row before this: 1 of 3",
        "Of the last 200 steps:",
        "| `train.loss` | 15 | 0.8 | 15 | 250 |  |",
        "| `gradient.norm` | 2.187e+04 | 2 | 2.187e+04 | 250 |  |",
        "Gradient norm above warning (10) on 5; above critical (100) on 5.",
        "* `decoder.b`: 4 (64%)\n* `decoder.a`: 3 (36%)",
        "![](curves.png)",
        "| utterance-3 | 23 | 115 | A text, number 3. |",
    ):
        assert said in text
    assert "train.mmi" not in text
    assert "samples.png" not in text


def test_what_is_not_finite_in_words(ruined: Evidence) -> None:
    text = explain(ruined, ruined.steps, [])
    assert "| `train.loss` | nan | 0.8 | 0.8 | 2 | 1 |" in text
    assert "| `gradient.norm` | inf | 2 | 2 | 2 | 1 |" in text
    assert "Not finite in 2 of 4 parameter tensors; first those:\n\n* `a`: nan\n* `b`: inf" in text


def test_skipped_steps_have_no_gradient(evidence: MakeEvidence, steps: MakeStep) -> None:
    rows = [steps(1), steps(2, norm=math.inf, skipped=1.0), steps(3)]
    text = explain(evidence(steps=rows), rows, [])
    assert "| `gradient.norm` | 2 | 2 | 2 | 3 |  |" in text
    assert "above warning (10) on 0; above critical (100) on 0. The loss scaler skipped 1." in text


def test_without_rescue(evidence: MakeEvidence) -> None:
    text = explain(evidence(hparams=HParams(rescue=False)), (), [])
    assert "rescues in a row before this: off" in text


@pytest.mark.parametrize("cause", ["non_finite", "gradient_explosion", "out_of_memory"])
def test_there_is_always_advice(cause: str) -> None:
    assert advice(Evidence(cause, 1, HParams(), 1e-4))


SURE = HParams(learning_rate=1e-3, warmup_steps=10, batch_size=16, grad_clip_thresh=1.0)
EXPLOSION = [
    ({}, {}, ["Lower `learning_rate` (0.001) to 0.0005, then to 0.0002."]),
    ({"grad_clip": "none"}, {}, ["Lower", "not clipped: use `grad_clip: norm`"]),
    ({"grad_clip_thresh": 5.0}, {}, ["Lower", "`grad_clip_thresh: 1.0` instead of 5"]),
    ({"warmup_steps": 0}, {}, ["Lower", "step 250, without a warm-up"]),
    ({"warmup_steps": 0}, {"step": 5000}, ["Lower"]),
    ({"batch_size": 4}, {}, ["Lower", "Batches of 4"]),
    ({"rescue": False}, {}, ["Lower", "`rescue: true`"]),
    ({}, {"layer_norms": {"a.b": 8.0, "c": 1.0}}, ["Lower", "in `a.b`"]),
    ({}, {"layer_norms": {"a.b": math.nan, "c": 1.0}}, ["Lower"]),
]


@pytest.mark.parametrize(("hparams", "changes", "starts"), EXPLOSION)
def test_advice_on_an_explosion(
    evidence: MakeEvidence, hparams: dict[str, Any], changes: dict[str, Any], starts: list[str]
) -> None:
    balanced = {"layer_norms": {"a": 1.0, "b": 1.0, "c": 1.0}}
    given = advice(evidence(**{**balanced, **changes, "hparams": SURE.model_copy(update=hparams)}))
    assert len(given) == len(starts), given
    for sentence, part in zip(given, starts, strict=True):
        assert re.search(re.escape(part), sentence)


def test_an_utterance_of_an_odd_pace_is_named(evidence: MakeEvidence) -> None:
    usual = evidence().batch
    assert not any("Frames a token" in line for line in advice(evidence()))
    slow, fast = BatchUtterance("slow", "a", 2, 100), BatchUtterance("fast", "abc" * 50, 150, 100)
    given = advice(evidence(batch=(*usual, slow, fast)))
    assert any("(5) in `slow`, `fast`: does the text" in line for line in given)


def test_advice_on_what_is_not_finite(
    evidence: MakeEvidence, steps: MakeStep, samples: Callable[[str], Sample]
) -> None:
    def given(**changes: Any) -> str:
        quiet = {"cause": "non_finite", "hparams": SURE, "steps": [steps(1), steps(2)]}
        return "\n".join(advice(evidence(**{**quiet, **changes})))

    assert "at most 2 before: this came out of the blue" in given()
    risen = [steps(1), steps(2, norm=400.0), steps(3, norm=math.nan)]
    assert "had risen to 400 before" in given(steps=risen)
    lost = [steps(1), {**steps(2), "train.loss": math.nan, "train.gate": math.inf}]
    assert "terms, `train.gate` was not finite" in given(steps=lost)
    assert "terms" not in given()
    for precision, instead in (("fp16", "bf16`, or `fp32"), ("bf16", "fp32")):
        half = SURE.model_copy(update={"precision": precision})
        assert f"Try `precision: {instead}`" in given(hparams=half)
    assert "half precision" not in given()
    some = {"a": 1.0, "b": math.nan, "c": math.inf}
    assert "Only 2 of 3 gradients are not finite, among them `b`, `c`" in given(layer_norms=some)
    assert "Only" not in given(layer_norms=dict.fromkeys(some, math.nan))
    huge = {"a": 1e20, "b": 1e19}
    over = given(steps=[steps(1), steps(2, norm=math.inf)], layer_norms=huge)
    assert "gradient is finite (1e+20 in all); only the sum of their squares exceeds" in over
    assert "sum of their squares" not in given(layer_norms=huge)
    good = samples("utterance-1")
    bad = replace(good, id="torn", target=np.full_like(good.target, np.nan))
    assert "mel spectrogram of `torn` is itself not finite" in given(samples=(good, bad))
    assert "itself" not in given()
