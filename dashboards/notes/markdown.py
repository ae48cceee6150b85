"""Markdown of parts that may hold any text: nothing in them is taken for markup."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

_MARKUP = re.compile(r"([\\`*_\[\]<>~&$#])")
_OPENING = re.compile(r"^([-+]|\d+(?=[.)]))(?=[.)]?(\s|$))")
"""What would begin a list."""
_BACKTICKS = re.compile(r"`+")
_SHORT = 500
"""Characters of a text that somebody else wrote, such as a trainer's last words."""


def text(words: object) -> str:
    """Plain words: the signs that Markdown or HTML would read are escaped, in one line."""
    escaped = _MARKUP.sub(r"\\\1", _one_line(words))
    return _OPENING.sub(lambda found: _unopened(found[1]), escaped)


def code(words: object) -> str:
    """As it is, in a fixed-width face, in one line."""
    line = _one_line(words)
    if not line:
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(lines: Iterable[str]) -> str:
    """Lines to be copied, such as commands."""
    body = "\n".join(map(_one_line, lines))
    longest = max((len(run) for run in _BACKTICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{body}\n{fence}"


def link(words: str, url: str) -> str:
    """``words`` as a link, where ``url`` is a path of this site or a web address; else alone."""
    if urlsplit(url).scheme not in ("", "http", "https"):
        return text(words)
    return f"[{text(words)}](<{quote(url, safe=_URL)}>)"


_URL = "/:?#[]@!$&'()*+,;=%~-._"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    """A list of items that are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def _unopened(sign: str) -> str:
    """A number can't be escaped; a joiner of no width before it begins no list."""
    return f"\u2060{sign}" if sign.isdecimal() else f"\\{sign}"


def _cell(content: str) -> str:
    """A bar ends a cell even within code."""
    return content.replace("|", r"\|")


def _one_line(words: object) -> str:
    line = " ".join(str(words).split())
    return line if len(line) <= _SHORT else line[:_SHORT] + " …"
