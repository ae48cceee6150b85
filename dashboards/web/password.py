"""The login: one password, compared in constant time, and not tried often."""

import hashlib
import hmac
import math
import secrets
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_PER_ADDRESS = RateLimitItemPerMinute(5)
_IN_ALL = RateLimitItemPerMinute(100)


class Password:
    """Checks the password, so many times a minute from one address and from all.

    Args:
        password: the right one.
    """

    def __init__(self, password: str) -> None:
        self._key = secrets.token_bytes(32)
        self._digest = self._keyed(password)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait_seconds(self, address: str) -> int:
        """How long ``address`` must wait before it may try; 0: it may, and this try counts."""
        for item, name in ((_PER_ADDRESS, address), (_IN_ALL, "all")):
            if not self._limiter.hit(item, name):
                reset = self._limiter.get_window_stats(item, name).reset_time
                return max(1, math.ceil(reset - time.time()))
        return 0

    def is_right(self, attempt: str) -> bool:
        """Whether it is the password."""
        return hmac.compare_digest(self._keyed(attempt), self._digest)

    def _keyed(self, text: str) -> bytes:
        """Of one length whatever the text's: neither is told by how long comparing takes."""
        return hmac.digest(self._key, text.encode(), hashlib.sha256)
