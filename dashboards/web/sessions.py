"""Who has logged in: tokens in cookies, known to this process alone."""

import hashlib
import secrets
import threading
import time

COOKIE = "smart_tuner_session"
LASTS_SECONDS = 12 * 3600.0
_MOST = 1000


class Sessions:
    """The sessions of one server; they end with it. Threads may share it."""

    def __init__(self, lasts_seconds: float = LASTS_SECONDS) -> None:
        self._lasts_seconds = lasts_seconds
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self) -> str:
        """The token of a new session: 256 random bits."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_ended()
            while len(self._ends) >= _MOST:
                del self._ends[next(iter(self._ends))]  # the oldest
            self._ends[_digest(token)] = time.monotonic() + self._lasts_seconds
        return token

    def knows(self, token: str | None) -> bool:
        """Whether the session of ``token`` goes on."""
        if token is None:
            return False
        with self._lock:
            ends = self._ends.get(_digest(token))
        return ends is not None and time.monotonic() < ends

    def end(self, token: str | None) -> None:
        """End a session, if it goes on."""
        if token is not None:
            with self._lock:
                self._ends.pop(_digest(token), None)

    def _forget_ended(self) -> None:
        now = time.monotonic()
        self._ends = {digest: ends for digest, ends in self._ends.items() if now < ends}


def _digest(token: str) -> str:
    """What is compared and kept: how long a look-up takes says nothing of the token."""
    return hashlib.sha256(token.encode()).hexdigest()
