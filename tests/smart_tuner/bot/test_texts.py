"""Every message in both languages: never too long, never broken by what others have named."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dashboards import words as english
from smart_tuner.bot.access import Role
from smart_tuner.bot.alerts import SEVERITIES
from smart_tuner.bot.keyboards import (
    Do,
    question_keyboard,
    status_keyboard,
    studies_keyboard,
    trial_keyboard,
    trials_keyboard,
)
from smart_tuner.bot.language import NAMES, Words, words
from smart_tuner.bot.texts.alerts import CAPTIONS, alert_text
from smart_tuner.bot.texts.answers import (
    answer_text,
    command_text,
    no_such_study,
    no_such_trial,
    question_text,
)
from smart_tuner.bot.texts.help import COMMANDS, help_text, start_text
from smart_tuner.bot.texts.html import CAPTION_LIMIT, TEXT_LIMIT, bar, fitted
from smart_tuner.bot.texts.preferences import settings_text
from smart_tuner.bot.texts.report import report_text
from smart_tuner.bot.texts.status import status_text, studies_text
from smart_tuner.bot.texts.trials import best_text, trial_text, trials_text
from smart_tuner.bot.texts.values import duration
from storage.assessment import Assessment, Check, Flag, Recommendation
from storage.bot_chats import BotChat
from storage.bot_outbox import BotMessage
from storage.clock import utc_now
from storage.levels import Level
from storage.records import (
    BestTrial,
    BudgetUse,
    CommandRecord,
    CommandState,
    EventRecord,
    ProgressRecord,
    StudyState,
    StudyStatus,
    TrialCounts,
    TrialRecord,
    TrialRole,
    TrialState,
)
from storage.study_level import StudyReason
from tests.smart_tuner.bot.bot_api_server import plain

NOW = utc_now()
HOSTILE = "<b>&amp;</i><script>alert('x')</script>\u202e\x00 {0} {study} %s _*`" + "😀<" * 300
PLAIN = "demo"
LANGUAGES = [words(language) for language in NAMES]


def assessment(name: str) -> Assessment:
    """Everything that may be wrong, and what nobody knows yet."""
    codes = [*english.FLAGS, name]
    values = {name: math.inf, "gradient.norm": 512.25, "threshold": 100.0, "cause": name}
    return Assessment(
        flags=tuple(Flag(code, Level.CRITICAL, 7, values) for code in codes),
        checklist=tuple(
            Check(code, passed, None, 0.5)
            for code, passed in zip([*english.CHECKS, name], [True, False, None] * 2, strict=True)
        ),
        recommendations=tuple(
            Recommendation(code, name, direction, name, now=0.1, to=name)
            for code in [*english.ADVICE, name]
            for direction in english.DIRECTIONS
        ),
    )


def trial(name: str, **fields: Any) -> TrialRecord:
    usual: dict[str, Any] = {
        "study": name,
        "number": 3,
        "role": TrialRole.FINISH,
        "state": TrialState.PRUNED,
        "reason": name,
        "evidence": {name: name, "gradient.norm": math.nan, "cause": name},
        "value": -1e300,
        "step": 10**9,
        "params": {f"{name}{i}": name for i in range(60)},
        "metrics": {"quality": 0.5, "mcd": math.inf, "validation.loss": 1e-9},
        "checkpoint": f"/runs/{name}/last.pt",
        "alignment_png": name,
        "sample_wav": name,
        "status": "CRITICAL",
        "assessment": assessment(name).to_json(),
    }
    return TrialRecord(**{**usual, **fields})


def status(name: str, **fields: Any) -> StudyStatus:
    running = tuple(
        ProgressRecord(study=name, number=n, step=5, steps=n, loss=1e9, steps_per_second=1.5)
        for n in range(60)
    )
    reasons = [*english.FLAGS, *english.STUDY, name]
    usual: dict[str, Any] = {
        "study": name,
        "state": StudyState.CONTROLLER_LOST,
        "counts": TrialCounts(
            running=1, queued=2, paused=3, lost=4, complete=5, pruned=6, failed=21
        ),
        "best": BestTrial(number=3, value=0.5),
        "running": running,
        "eta_seconds": 1e9,
        "trials_target": 10,
        "trials_ended": 37,
        "heartbeat_age_seconds": 86_400.0,
        "created_at": NOW,
        "reasons": tuple(StudyReason(code, Level.CRITICAL, 3, name) for code in reasons),
        "budget": BudgetUse(hours=1.0, spent_hours=2.0),
    }
    return StudyStatus(**{**usual, **fields})


def alert_payloads(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "gradient", {"step": 7, "norm": math.inf, "threshold": 100.0}
    yield "gradient", {"step": None, "norm": None, "threshold": None}
    yield "alignment", {"step": 7, "overall": 0.05}
    yield "rescued", {"step": 9, "to_step": 4, "cause": name, "restarts": 2, "factor": 0.25}
    yield "restarted", {"attempt": 2, "cause": name}
    yield "restarts", {"restarts": 4}
    facts = {"reason": name, "step": 5, "value": None, "evidence": {name * 5: name}}
    yield "ended", {"state": "pruned", **facts}
    yield "ended", {"state": "failed", **facts, "reason": None, "evidence": {}}
    best = {"value": 0.5, "values": None, "before": 0.25}
    yield "best", best
    yield "best", {"value": 0.5, "values": [0.5] * 9, "before": None}
    yield "best_voice", best
    yield "finished", {"trials": 5, "best": 0.5, "number": 3}
    yield "finished", {"trials": 1, "best": None, "number": None}
    yield "finished_report", {"trials": 1}
    yield "controller_lost", {"age": None}


def alerts(name: str, t: Words) -> Iterator[str]:
    for kind, payload in alert_payloads(name):
        number = None if kind in ("finished", "controller_lost") else 3
        message = BotMessage(chat=1, key="", study=name, kind=kind, number=number, payload=payload)
        yield alert_text(message, t)


def commands(name: str, t: Words) -> Iterator[str]:
    for state in CommandState:
        for kind in ("pause", "resume", "stop", "prune"):
            record = CommandRecord(
                id=1, study=name, kind=kind, number=3, arguments={}, requested_by=name,
                source=name, requested_at=NOW, state=state, answered_at=NOW, answer=name,
            )  # fmt: skip
            yield command_text(record, t)
    yield answer_text(f"study '{name}' is not running", t)


def texts(name: str, t: Words) -> Iterator[str]:
    """Everything that the bot can say."""
    for role in Role:
        yield start_text(role, t)
        yield help_text(role, t)
    for state in StudyState:
        yield status_text(status(name, state=state), t)
    yield status_text(status(name, best=None, running=(), reasons=(), budget=None), t)
    yield studies_text([status(name)] * 60, t)
    yield studies_text([], t)
    for trial_state in TrialState:
        yield trial_text(trial(name, state=trial_state, values=(0.5, 0.25)), t)
    yield trial_text(TrialRecord(study=name, number=0), t)
    yield trials_text(name, [trial(name)] * 200, t)
    yield trials_text(name, [], t)
    yield best_text(name, [], t)
    yield best_text(name, [trial(name)] * 60, t)
    yield from reports(name, t)
    yield from alerts(name, t)
    yield from commands(name, t)
    for kind in ("stop", "prune"):
        yield question_text(kind, name, 3, t)
    yield no_such_study(name, [name] * 60, t)
    yield no_such_study(None, [], t)
    yield no_such_trial(3, name, t)
    for severity in SEVERITIES:
        chat = BotChat(chat=1, severity=severity, quiet=name, time_zone=name, report_every=2)
        yield settings_text(chat, NOW, t)
        yield settings_text(replace(chat, muted_until=NOW + timedelta(hours=1)), NOW, t)


def reports(name: str, t: Words) -> Iterator[str]:
    facts = {"factor": 0.5, "cause": name, "to_step": 3, "attempt": 2}
    kinds = ("learning_rate_adapted", "rescued", "debug_report", "started", "evaluation")
    events = [EventRecord(study=name, kind=kind, step=7, payload=facts) for kind in kinds] * 9
    yield report_text(trial(name), None, events, t)
    yield report_text(trial(name, assessment=None, metrics={}), status(name).running[0], [], t)


@pytest.mark.parametrize("name", [PLAIN, HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("t", LANGUAGES, ids=list(NAMES))
def test_every_message_is_whole_and_short_enough(name: str, t: Words) -> None:
    said = list(texts(name, t))

    assert len(said) > 70
    for text in said:
        shown = plain(text)  # as Telegram does, it refuses tags that are broken or unknown
        assert shown.strip()
        assert len(text.encode("utf-16-le")) // 2 <= TEXT_LIMIT
        assert "\x00" not in text
        assert "\u202e" not in text
        assert "<script" not in text


@pytest.mark.parametrize("t", LANGUAGES, ids=list(NAMES))
def test_captions_are_short_enough(t: Words) -> None:
    for kind, payload in alert_payloads(HOSTILE):
        message = BotMessage(chat=1, key="", study=HOSTILE, kind=kind, number=3, payload=payload)
        text = alert_text(message, t)
        assert kind not in CAPTIONS or len(plain(text).encode("utf-16-le")) // 2 <= CAPTION_LIMIT


def test_the_russian_texts_are_russian() -> None:
    def letters(text: str, is_one: Callable[[str], bool]) -> int:
        return sum(map(is_one, plain(text)))

    def is_russian(letter: str) -> bool:
        return "а" <= letter.lower() <= "я" or letter.lower() == "ё"

    for text in [*alerts("7", words("ru")), status_text(status("7"), words("ru"))]:
        latin = letters(text, lambda c: c.isascii() and c.isalpha())
        assert letters(text, is_russian) > latin, text


def test_buttons_fit_for_every_name_and_viewers_have_none_that_change_anything() -> None:
    for t in LANGUAGES:
        stands, one = status(HOSTILE, state=StudyState.RUNNING), trial(HOSTILE, number=2**31 - 1)
        running = replace(one, state=TrialState.RUNNING)
        boards = [
            status_keyboard(stands, Role.VIEWER, t),
            trial_keyboard(running, Role.VIEWER, t),
            studies_keyboard([stands] * 90),
            trials_keyboard(HOSTILE, [one] * 90),
        ]
        data = [
            b.callback_data or "" for board in boards for row in board.inline_keyboard for b in row
        ]
        assert not any(f":{do}:" in text for text in data for do in ("pause", "stop", "prune"))
        boards = [
            status_keyboard(stands, Role.OPERATOR, t),
            trial_keyboard(running, Role.OPERATOR, t),
            question_keyboard(Do.CONFIRM_PRUNE, HOSTILE, t, 2**31 - 1),
        ]
        data += [
            b.callback_data or "" for board in boards for row in board.inline_keyboard for b in row
        ]
        assert max(len(text.encode()) for text in data) <= 64
        assert any(":pause:" in text for text in data)


@pytest.mark.parametrize("t", LANGUAGES, ids=list(NAMES))
def test_the_menu_is_as_telegram_wants_it(t: Words) -> None:
    for name, text in COMMANDS.items():
        assert name.isascii()
        assert name.islower()
        assert len(name) <= 32
        assert 1 <= len(t(text)) <= 256


def test_a_text_is_cut_between_lines() -> None:
    assert fitted(["<b>a</b>", "b"], 100) == "<b>a</b>\nb"
    assert fitted(["<b>a</b>", "b" * 100], 50) == "<b>a</b>\n…"
    assert plain(fitted([f"<b>{'x' * 90}</b>"] * 100)).endswith("…")


def test_bars() -> None:
    assert bar(0, None) == ""
    assert bar(1, 2) == "▓▓▓▓▓░░░░░"
    assert bar(7, 2) == "▓" * 10
    assert bar(-1, 2) == "░" * 10


def test_durations() -> None:
    seconds = (None, 0, 59, 60, 3_700, 90_000, math.inf)
    said = [duration(one, words("en")) for one in seconds]
    assert said == ["–", "0 s", "59 s", "1 min", "1 h 01 min", "1 d 01 h", "–"]
    assert duration(3_700, words("ru")) == "1 ч 01 мин"
