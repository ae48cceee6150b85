"""One way of writing quotes, ellipses, brackets, fractions and spaces; nothing invisible."""

import re
import unicodedata

_SAME = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»〝〞″＂❝❞", '"'),
        **dict.fromkeys("‘’‚‛‹›ʼʻ`´′＇❛❜", "'"),
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        **dict.fromkeys("‐‑\N{HYPHEN BULLET}", "-"),
        **dict.fromkeys("―‒⸺⸻", "—"),
        "…": "...",
        "_": " ",
        "µ": "μ",
    }
)
_FRACTIONS = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
_WRITTEN_FRACTION = re.compile(r"(?<![\w/.,:-])([123]/[234])(?![\w/]|[.,]\d)")
_LONG_ELLIPSIS = re.compile(r"\.{4,}")


def unify(text: str) -> str:
    """``text`` in NFC, in plain typography, with single spaces; what it says stays as it is."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(_visible(character) for character in text).translate(_SAME)
    text = _WRITTEN_FRACTION.sub(lambda m: _FRACTIONS.get(m[1], m[1]), text)
    return collapse(_LONG_ELLIPSIS.sub("...", text))


def collapse(text: str) -> str:
    """``text`` with every run of white space made one space, none at the ends."""
    return " ".join(text.split())


def _visible(character: str) -> str:
    """White space and control characters as a space, format characters (soft hyphen) as nothing."""
    if character.isprintable():
        return character
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " " if category in {"Cc", "Zs", "Zl", "Zp"} else character
