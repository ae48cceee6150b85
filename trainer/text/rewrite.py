"""Rewriting rules: a pattern in the written text, and what is spoken in its place."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

# Beside these a spoken word needs no space of its own.
_OPENING = " \t\n('\"-—"
_CLOSING = " \t\n)'\"-—.,:;!?"
_END_OF_TEXT = re.compile(r"[\s'\")]*$")
_NEW_SENTENCE = re.compile(r"['\")]*(?:\s*$|\s+['\"(—-]*\s?[A-ZА-ЯЁ])")


@dataclass(frozen=True)
class Rule:
    """What matches ``pattern`` is spoken as ``spoken`` says.

    Attributes:
        pattern: A compiled expression, linear in the length of the text.
        spoken: A template for :meth:`re.Match.expand`, or a function of the match.
    """

    pattern: re.Pattern[str]
    spoken: str | Callable[[re.Match[str]], str]

    def apply(self, text: str) -> str:
        """``text`` rewritten; spoken words are parted by spaces from the letters beside them."""
        return self.pattern.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        written, (start, end) = match.string, match.span()
        words = match.expand(self.spoken) if isinstance(self.spoken, str) else self.spoken(match)
        if words[:1].isalnum() and start > 0 and written[start - 1] not in _OPENING:
            words = f" {words}"
        if words[-1:].isalnum() and end < len(written) and written[end] not in _CLOSING:
            words = f"{words} "
        return words


def rule(pattern: str, spoken: str | Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    """A :class:`Rule` from the source of its pattern."""
    return Rule(re.compile(pattern, flags), spoken)


def apply_rules(rules: Iterable[Rule], text: str) -> str:
    """``text`` after each of the ``rules``, in their order."""
    for one in rules:
        text = one.apply(text)
    return text


def ends_text(match: re.Match[str]) -> bool:
    """Whether nothing but closing quotes follows: an abbreviation's dot is a full stop too."""
    return _END_OF_TEXT.match(match.string, match.end()) is not None


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the text ends here, or goes on with a capital letter."""
    return _NEW_SENTENCE.match(match.string, match.end()) is not None


def full_stop(match: re.Match[str]) -> str:
    """The dot of a matched abbreviation, where it ends the sentence too; else nothing."""
    return "." if match[0].endswith(".") and ends_sentence(match) else ""


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the literal ``words``, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


def abbreviation_rules(
    table: Mapping[str, str], *, after: str = "", stops: bool, flags: int = 0
) -> list[Rule]:
    """Rules that speak the abbreviations in ``table`` (pattern without edges: words) in full.

    Args:
        table: What stands there, dots included, as a pattern; and the words for it.
        after: A pattern that must follow.
        stops: Whether a capital letter after the dot starts a new sentence (never after "Mr.").
        flags: Flags of :mod:`re`.
    """
    ends = ends_sentence if stops else ends_text

    def speak(words: str) -> Callable[[re.Match[str]], str]:
        return lambda m: words + ("." if m[0].endswith(".") and ends(m) else "")

    return [
        rule(rf"(?<![\w.]){pattern}{after}", speak(words), flags)
        for pattern, words in table.items()
    ]
