"""``python -m smart_tuner.sinks``: started by a controller, which tells it by a pipe what to do."""

import gc
import logging
import os
import sys
import threading
import time
from pathlib import Path

from smart_tuner.config.mlflow_section import without_passwords
from smart_tuner.control.garbage import quick_collections
from smart_tuner.sinks.feed import Feed
from smart_tuner.sinks.feeding import make_feeds
from smart_tuner.sinks.folder_lock import folder_lock
from smart_tuner.sinks.orders import Order, Orders
from smart_tuner.sinks.settings import SinkSettings, unsent_marker
from storage.database import open_existing

UNSENT = 3
"""Exit code: something could not be sent."""
_POLL_SECONDS = 1.0
_ROUND_SECONDS = 2.0
_NICENESS = 5
_NEW_OBJECTS = 50_000
_LAST_SECONDS = 10.0
"""So long a target that is away at the end is tried again."""
_ORPHAN_SECONDS = 20.0
"""So long what is left is sent after the death of the controller."""


def main() -> int:
    """Feed a study's sinks until the controller says that it is over, or dies."""
    _log_to_standard_error()
    os.nice(_NICENESS)  # trainers come first
    orders = Orders(on_gone=_end_soon)
    line = orders.first_line()
    if not line:
        return 0
    settings = SinkSettings.from_json(line)
    # Where another controller's process has the lock, this one waits to take its place.
    with folder_lock(
        Path(settings.folder), lambda: orders.wait(_POLL_SECONDS) is Order.GO_ON
    ) as got:
        return _run(settings, orders) if got else 0


class _Discreet(logging.Formatter):
    """Tracebacks of whatever library, without the passwords of URLs."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return without_passwords(super().format(record))


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def _run(settings: SinkSettings, orders: Orders) -> int:
    marker = unsent_marker(Path(settings.folder))
    marker.touch()
    with open_existing(settings.storage) as database:
        feeds = make_feeds(settings, database, _say)
        with quick_collections():
            code = _feed(feeds, orders)
    if code == 0 and orders.wait(0) is Order.FINISH:
        marker.unlink(missing_ok=True)
    return code


def _feed(feeds: list[Feed], orders: Orders) -> int:
    # Thousands of metrics come and go with each delivery; to look for cycles among them each time
    # takes a quarter of the whole.
    gc.set_threshold(_NEW_OBJECTS)
    while orders.wait(_ROUND_SECONDS) is Order.GO_ON:
        for feed in feeds:
            feed.round()
    return _send_the_rest(feeds, orders)


def _send_the_rest(feeds: list[Feed], orders: Orders) -> int:
    deadline = time.monotonic() + _LAST_SECONDS
    left = list(feeds)
    for feed in left:
        feed.hurry()
    while left := [feed for feed in left if not feed.round(last=True)]:
        if time.monotonic() > deadline or orders.wait(0) is Order.GONE:
            return UNSENT
        time.sleep(_POLL_SECONDS)
    return 0


def _say(line: str) -> None:
    """To the controller, which shows it; one that is gone hears nothing."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_soon() -> None:
    """The controller is gone: whatever is being sent, nobody waits for it any more."""
    timer = threading.Timer(_ORPHAN_SECONDS, lambda: os._exit(UNSENT))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main())
