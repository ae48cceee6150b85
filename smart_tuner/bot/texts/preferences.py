"""What a chat has chosen, and how it is chosen."""

from datetime import datetime

from smart_tuner.bot.language import Words
from smart_tuner.bot.texts.html import code, esc, fitted
from smart_tuner.bot.texts.names import N_
from storage.bot_chats import BotChat

SEVERITIES = {
    "info": N_("all"),
    "warning": N_("warnings and worse"),
    "critical": N_("critical ones alone"),
}
MUTES = {"1h": N_("1 hour"), "8h": N_("8 hours"), "1d": N_("1 day"), "off": N_("Not muted")}


def settings_text(chat: BotChat, now: datetime, t: Words) -> str:
    """The settings of a chat."""
    every = chat.report_every
    reports = t("only when asked") if not every else t.plural(
        "every {n} step", "every {n} steps", every
    )  # fmt: skip
    lines = [
        t("<b>Settings of this chat</b>"),
        t("Alerts: {which}").format(which=t(SEVERITIES[chat.severity])),
        mute_text(chat, now, t),
        t("Quiet hours: {hours}").format(hours=code(chat.quiet) if chat.quiet else t("none")),
        t("Time zone: {zone}").format(zone=esc(chat.time_zone or t("that of the bot"))),
        t("Reports: {when}").format(when=reports),
        "",
        t("To set them: <code>/settings quiet 23-8</code>,"
          " <code>/settings zone Europe/Moscow</code>, <code>/settings report 1000</code>;"
          " <code>off</code> switches off. In quiet hours alerts come without a sound."),
    ]  # fmt: skip
    return fitted(lines)


def mute_text(chat: BotChat, now: datetime, t: Words) -> str:
    """Whether alerts come."""
    if chat.muted_until is None or chat.muted_until <= now:
        return t("Alerts come; /mute makes them stop for a while.")
    return t("🔕 No alerts until {time}; /status and answers come all the same.").format(
        time=f"{chat.muted_until.astimezone():%Y-%m-%d %H:%M %Z}"
    )
