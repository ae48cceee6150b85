"""Serves the web application until it is told to leave."""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import waitress
from waitress.server import MultiSocketServer

from dashboards.web.application import make_application
from dashboards.web.settings import WebError, WebSettings
from storage.database import Database

_THREADS = 16
_MOST_BYTES = 1024 * 1024
"""Of a request: a long note, not an upload."""


def serve(database: Database, settings: WebSettings, ready: Callable[[str], None]) -> None:
    """Serve the studies of ``database`` until SIGINT or SIGTERM.

    Args:
        database: of the studies.
        settings: where, and what is allowed.
        ready: called with the address of the first page once the server listens.

    Raises:
        StorageError: Optuna's tables are of another version.
        WebError: the address can't be listened on.
    """
    application = make_application(database, settings).guarded
    server = _listening(application, settings)
    with _leaving_on_sigterm():
        ready(_address(server, settings))
        server.run()
    server.close()


def _listening(application: Any, settings: WebSettings) -> Any:
    # Queued requests are no news: browsers send several at once.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        return waitress.create_server(
            application,
            host=settings.host,
            port=settings.port,
            threads=_THREADS,
            ident=None,
            max_request_body_size=_MOST_BYTES,
            clear_untrusted_proxy_headers=False,  # whether to mark a cookie as secure, nothing else
        )
    except (OSError, ValueError) as error:
        where = f"--host {settings.host} --port {settings.port}"
        words = getattr(error, "strerror", None) or str(error)
        raise WebError(f"{where}: {words}: choose another --port or --host") from error


def _address(server: Any, settings: WebSettings) -> str:
    """Of a page that this machine's browser can open."""
    if isinstance(server, MultiSocketServer):
        port = server.effective_listen[0][1]
    else:
        port = server.effective_port
    host = "127.0.0.1" if settings.is_everywhere else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def _leaving_on_sigterm() -> Iterator[None]:
    """Within the block SIGTERM is as good as Ctrl-C."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
