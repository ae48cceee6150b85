"""A log in which the token never appears, whatever library writes it, tracebacks included."""

import logging
import sys
from collections.abc import Iterable

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_HIDDEN = "***"


class RedactingFormatter(logging.Formatter):
    """Hides secrets in lines that are ready to be written.

    Args:
        secrets: what is hidden.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(_FORMAT)
        self._secrets = sorted((one for one in secrets if one), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line, with its traceback."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text


def set_up_log(secrets: Iterable[str], *, debug: bool = False) -> None:
    """Write the log of this process to standard error, without ``secrets``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("aiogram.event").setLevel(logging.INFO if debug else logging.WARNING)
    logging.captureWarnings(capture=True)
