"""Alerts in the reader's language."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dashboards.formatting import number, quantity
from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    bold,
    code,
    esc,
    fitted,
)
from smart_tuner.bot.texts.names import reason
from smart_tuner.bot.texts.values import duration, evidence
from storage.bot_outbox import BotMessage

_Payload = Mapping[str, Any]
CAPTIONS = {"best", "best_voice", "finished_report"}
"""Alerts that stand below a file."""


def alert_text(message: BotMessage, t: Words) -> str:
    """The alert of a message: what happened, where, and the values that say so."""
    head = t("{study}, trial {number}").format(study=bold(message.study), number=message.number)
    where = bold(message.study) if message.number is None else head
    title, *details = _TEXTS[message.kind](message.payload, t)
    return fitted(
        [title, where, *details], CAPTION_LIMIT if message.kind in CAPTIONS else TEXT_LIMIT
    )


def _gradient(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🔴 <b>The gradient norm is too high</b>")
    yield t("{norm} at step {step}, above {threshold}").format(
        norm=quantity(facts["norm"]), step=facts["step"], threshold=quantity(facts["threshold"])
    )


def _alignment(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🔴 <b>The attention hardly follows the text</b>")
    yield t("overall alignment {overall} at step {step}, after the grace period").format(
        overall=number(facts["overall"], 2), step=facts["step"]
    )


def _rescued(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🟡 <b>Training was rescued</b>")
    yield t("{cause}: from step {step} back to step {to_step}").format(
        cause=esc(reason(facts.get("cause"), t)), step=facts["step"], to_step=facts.get("to_step")
    )
    yield t("learning rate × {factor}, restart {restarts} in a row").format(
        factor=number(facts.get("factor"), 3), restarts=facts.get("restarts")
    )


def _restarted(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🟡 <b>The trainer was started again</b>")
    yield t("attempt {attempt}; the one before: {cause}").format(
        attempt=facts["attempt"], cause=esc(reason(facts["cause"], t))
    )


def _restarts(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🔴 <b>Restarted again and again</b>")
    n = int(facts["restarts"])
    yield t.plural("{n} restart so far", "{n} restarts so far", n)


def _ended(facts: _Payload, t: Words) -> Iterator[str]:
    pruned = facts["state"] == "pruned"
    yield t("✂️ <b>A trial was pruned</b>") if pruned else t("❌ <b>A trial has failed</b>")
    if facts["reason"]:
        yield t("Why: {reason} ({code})").format(
            reason=esc(reason(facts["reason"], t)), code=code(facts["reason"])
        )
    if facts["evidence"]:
        yield t("Evidence: {values}").format(values=evidence(facts["evidence"], t))
    if facts["step"] is not None:
        yield t("at step {step}, value {value}").format(
            step=facts["step"], value=number(facts["value"])
        )


def _best(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🏆 <b>A new best trial</b>")
    values = facts["values"] or [facts["value"]]
    yield t("Value: {value}").format(value=" / ".join(number(value) for value in values))
    if facts["before"] is not None:
        yield t("the best before: {value}").format(value=number(facts["before"]))


def _best_voice(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🔊 The voice of the new best trial")


def _finished(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("🏁 <b>The study is finished</b>")
    yield t.plural("{n} trial has ended", "{n} trials have ended", int(facts["trials"]))
    if facts["number"] is not None:
        yield t("🏆 Best: <b>{value}</b> (trial {number})").format(
            value=number(facts["best"]), number=facts["number"]
        )


def _finished_report(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("📄 The report of the study")


def _controller_lost(facts: _Payload, t: Words) -> Iterator[str]:
    yield t("❗️ <b>Nobody runs the study any more</b>")
    yield t("Last heard of {age} ago: start the study again to continue.").format(
        age=duration(facts["age"], t)
    )


_TEXTS: Mapping[str, Callable[[_Payload, Words], Iterator[str]]] = {
    "gradient": _gradient,
    "alignment": _alignment,
    "rescued": _rescued,
    "restarted": _restarted,
    "restarts": _restarts,
    "ended": _ended,
    "best": _best,
    "best_voice": _best_voice,
    "finished": _finished,
    "finished_report": _finished_report,
    "controller_lost": _controller_lost,
}
