"""Inline keyboards: all that a thumb should do."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from smart_tuner.bot.access import Role
from smart_tuner.bot.language import NAMES, Words
from smart_tuner.bot.reader import handle_of
from storage.records import StudyState, StudyStatus, TrialRecord

_MOST_STUDIES, _MOST_TRIALS, _TRIALS_A_ROW = 20, 15, 5
_GOES_ON = (StudyState.RUNNING, StudyState.PAUSING)
_LONGEST_NAME = 30


class Do(StrEnum):
    """What a button does."""

    STATUS = "status"
    CHOOSE = "choose"
    TRIALS = "trials"
    TRIAL = "trial"
    BEST = "best"
    REPORT = "report"
    PLOT = "plot"
    PICTURE = "picture"
    SOUND = "sound"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    PRUNE = "prune"
    CONFIRM_STOP = "yes_stop"
    CONFIRM_PRUNE = "yes_prune"
    CANCEL = "cancel"


class Press(CallbackData, prefix="p"):
    """A button about a study, or about one of its trials."""

    do: Do
    study: str
    """A handle (:func:`smart_tuner.bot.reader.handle_of`)."""
    number: int = -1


class Choice(CallbackData, prefix="c"):
    """A button that chooses a value of a setting."""

    setting: str
    value: str


def status_keyboard(status: StudyStatus, role: Role, t: Words) -> InlineKeyboardMarkup:
    """Of the message about a study."""
    name = status.study
    rows = [
        [
            _press("🔄 " + t("Refresh"), Do.STATUS, name),
            _press("📋 " + t("Trials"), Do.TRIALS, name),
        ],
        [_press("🏆 " + t("Best"), Do.BEST, name), _press("📈 " + t("Plots"), Do.PLOT, name)],
    ]
    if role >= Role.OPERATOR and status.state is not StudyState.FINISHED:
        rows.append(_controls(status, t))
    return InlineKeyboardMarkup(inline_keyboard=rows)


def studies_keyboard(studies: Sequence[StudyStatus]) -> InlineKeyboardMarkup:
    """One button a study, the newest first."""
    newest = list(reversed(studies))[:_MOST_STUDIES]
    return InlineKeyboardMarkup(
        inline_keyboard=[[_press(_short(one.study), Do.CHOOSE, one.study)] for one in newest]
    )


def trials_keyboard(study: str, trials: Sequence[TrialRecord]) -> InlineKeyboardMarkup:
    """One button a trial, the newest first."""
    newest = list(reversed(trials))[:_MOST_TRIALS]
    buttons = [_press(str(one.number), Do.TRIAL, study, one.number) for one in newest]
    rows = [buttons[i : i + _TRIALS_A_ROW] for i in range(0, len(buttons), _TRIALS_A_ROW)]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def trial_keyboard(trial: TrialRecord, role: Role, t: Words) -> InlineKeyboardMarkup:
    """Of the message about a trial."""
    name, number = trial.study, trial.number
    row = [_press("📝 " + t("Report"), Do.REPORT, name, number)]
    if trial.alignment_png:
        row.append(_press("🖼 " + t("Picture"), Do.PICTURE, name, number))
    if trial.sample_wav:
        row.append(_press("🔊 " + t("Sound"), Do.SOUND, name, number))
    rows = [row]
    if role >= Role.OPERATOR and not trial.state.ended:
        rows.append([_press("✂️ " + t("Prune"), Do.PRUNE, name, number)])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def question_keyboard(yes: Do, study: str, t: Words, number: int = -1) -> InlineKeyboardMarkup:
    """Yes and no."""
    row = [_press(t("Yes"), yes, study, number), _press(t("No"), Do.CANCEL, study)]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def language_keyboard() -> InlineKeyboardMarkup:
    """The languages, each in its own words."""
    return choices(("language", code, name) for code, name in NAMES.items())


def choices(buttons: Iterable[tuple[str, str, str]]) -> InlineKeyboardMarkup:
    """Buttons for values of settings, two a row: (setting, value, text)."""
    made = [
        InlineKeyboardButton(text=text, callback_data=Choice(setting=name, value=value).pack())
        for name, value, text in buttons
    ]
    return InlineKeyboardMarkup(inline_keyboard=[made[i : i + 2] for i in range(0, len(made), 2)])


def _controls(status: StudyStatus, t: Words) -> list[InlineKeyboardButton]:
    name = status.study
    if status.state in _GOES_ON:
        first = _press("⏸ " + t("Pause"), Do.PAUSE, name)
    else:
        first = _press("▶️ " + t("Resume"), Do.RESUME, name)
    return [first, _press("⏹ " + t("Stop"), Do.STOP, name)]


def _press(text: str, do: Do, study: str, number: int = -1) -> InlineKeyboardButton:
    data = Press(do=do, study=handle_of(study), number=number).pack()
    return InlineKeyboardButton(text=text, callback_data=data)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
