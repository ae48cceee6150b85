"""How often a chat may get something: Telegram's limits, and what it asks for with a 429."""

import time

_PRIVATE_SECONDS = 3.0
_GROUP_SECONDS = 6.0
"""A group may get 20 messages a minute; alerts and answers are among them."""


class Pace:
    """Of edits, by chat; groups have negative ids."""

    def __init__(self) -> None:
        self._next: dict[int, float] = {}

    def allows(self, chat: int) -> bool:
        """Whether something may go to ``chat`` now."""
        return time.monotonic() >= self._next.get(chat, 0.0)

    def used(self, chat: int) -> None:
        """Something goes to ``chat`` now."""
        self.wait(chat, _GROUP_SECONDS if chat < 0 else _PRIVATE_SECONDS)

    def wait(self, chat: int, seconds: float) -> None:
        """Nothing more for so long, or for longer, if that was said before."""
        self._next[chat] = max(self._next.get(chat, 0.0), time.monotonic() + seconds)
