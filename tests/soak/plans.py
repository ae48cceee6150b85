"""What may befall a process at a moment of its own: where chance from outside would hardly meet it.

Scripts of this folder import it as well: it imports none of its neighbours.
"""

import random
from collections.abc import Sequence

MARK = "sabotage:"
"""What the log says of what has befallen a process, before its kind; not of a death at work."""
DIE = "die"
"""The process is killed before a statement to the database."""
DIE_AT_FILE = "die at file"
"""It is killed before it opens, renames or removes a file, or starts a process."""
DIE_AT_WORK = "die at work"
"""It is killed when it has used so much time of a processor, in hundredths of a second."""
CUT = "cut"
"""The connection breaks before a statement."""
LOSE = "lose"
"""A transaction is committed, but the answer is lost."""
BUSY = "busy"
"""A statement fails as it does where another process holds the file for too long."""
_DIE = (DIE, DIE_AT_FILE, DIE_AT_WORK)
OF_SQLITE, OF_POSTGRESQL = (*_DIE, BUSY), (*_DIE, CUT, LOSE)
_MOST = {DIE: 600, DIE_AT_FILE: 100, DIE_AT_WORK: 150, CUT: 600, LOSE: 200, BUSY: 600}
"""About as many as a controller comes to from its start to the end of a study."""


def chosen(rng: random.Random, kinds: Sequence[str]) -> tuple[str, int]:
    """One of ``kinds``, and the number of what it befalls: rather an early one."""
    kind = rng.choice(kinds)
    return kind, 1 + int(rng.random() ** 1.5 * _MOST[kind])
