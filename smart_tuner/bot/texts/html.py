"""HTML as Telegram knows it: escaped, never longer than it takes."""

from collections.abc import Iterable
from html import escape

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
_MORE = "…"
_LONGEST_VALUE = 200


def esc(value: object, longest: int = _LONGEST_VALUE) -> str:
    """A value from outside: cut to ``longest`` characters, control characters and tags harmless."""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in str(value))
    return escape(text if len(text) <= longest else text[: longest - 1] + _MORE, quote=False)


def bold(value: object) -> str:
    """A value from outside in bold."""
    return f"<b>{esc(value)}</b>"


def heading(text: str) -> str:
    """A title of our own, in bold."""
    return f"<b>{text}</b>"


def code(value: object) -> str:
    """A value from outside, to be copied at a touch."""
    return f"<code>{esc(value)}</code>"


def size(text: str) -> int:
    """Its length as Telegram counts: in UTF-16 units. Tags count here, and don't there."""
    return len(text.encode("utf-16-le")) // 2


def fitted(lines: Iterable[str], limit: int = TEXT_LIMIT) -> str:
    """As many whole lines as fit: no tag is torn. Each line must have its tags closed."""
    kept: list[str] = []
    left = limit - size(_MORE) - 1
    for line in lines:
        left -= size(line) + 1
        if left < 0:
            kept.append(_MORE)
            break
        kept.append(line)
    return "\n".join(kept)


def bar(part: float, whole: float | None, width: int = 10) -> str:
    """A progress bar of ``width`` characters; empty without a whole."""
    if not whole:
        return ""
    done = min(width, max(0, int(width * part / whole)))
    return "▓" * done + "░" * (width - done)
