"""What stands behind a command: a trial's number and a study's name."""

import re
from typing import NamedTuple

_NUMBER = re.compile(r"#?(\d{1,9})(?:\s+(.*))?", re.DOTALL)


class Named(NamedTuple):
    """A trial, a study, both, or neither."""

    number: int | None
    study: str | None


def study_name(arguments: str | None) -> str | None:
    """``/status my study``: all that follows is the name."""
    return (arguments or "").strip() or None


def trial_and_study(arguments: str | None) -> Named:
    """``/trial 3 my study``: a number comes first."""
    text = (arguments or "").strip()
    found = _NUMBER.fullmatch(text)
    if found is None:
        return Named(None, text or None)
    return Named(int(found[1]), (found[2] or "").strip() or None)
