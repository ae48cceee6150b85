"""Names of studies: a person types them, and folders bear them."""

import re
from pathlib import Path

_LONGEST = 80
_UNSAFE = re.compile(r"[^\w .+@=-]+")
_DEFAULT = "study"
_INSIDE_ONLY = " .-+@="


def check_study_name(name: str) -> str:
    """``name``, if a folder can bear it.

    Raises:
        ValueError: it cannot; the message says what is allowed.
    """
    if not name or len(name) > _LONGEST or _UNSAFE.search(name) or name.strip(_INSIDE_ONLY) != name:
        raise ValueError(
            f"{name!r} cannot name a folder: use up to {_LONGEST} letters, digits, '_', '-', "
            "'.' or spaces, with a letter, digit or '_' at both ends"
        )
    return name


def name_after(corpus: Path) -> str:
    """The name of a study of ``corpus``: its folder's, or its list's without the suffix."""
    path = corpus.resolve()
    name = path.stem if path.is_file() else path.name
    return _UNSAFE.sub("-", name)[:_LONGEST].strip(_INSIDE_ONLY) or _DEFAULT
