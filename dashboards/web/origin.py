"""Whether a request comes from where it should: this server's name, this server's pages."""

import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from dashboards.web.settings import WebSettings, as_address

_NO_HOST = re.compile(r"[@/?#\\\s]")
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Hosts:
    """The names by which browsers may call the server.

    A page of another site can make its own name point to this machine; it can't make the browser
    say another name.
    """

    def __init__(self, settings: WebSettings) -> None:
        own = (*_LOCAL, settings.host, socket.gethostname(), *settings.allowed_hosts)
        self._names = {_bare(name) for name in own if name}
        self._any_address = settings.is_everywhere

    def allow(self, host: str) -> bool:
        """Whether a request may carry this header ``Host``; the port doesn't matter."""
        name = _hostname(host)
        if name is None:
            return False
        # An address in the header is where the browser has gone to: nobody can redirect it.
        return name in self._names or (self._any_address and as_address(name) is not None)


def is_same_origin(request: Request) -> bool:
    """Whether a page of this server sends the request: the browser says so, and can't be told to.

    A request that doesn't say where it comes from is nobody's.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    source = request.headers.get("Origin") or request.headers.get("Referer")
    return source is not None and urlsplit(source).netloc.lower() == request.host.lower()


def allowed_names(text: Iterable[str]) -> tuple[str, ...]:
    """The names in lists separated by commas."""
    return tuple(name.strip() for part in text for name in part.split(",") if name.strip())


def _hostname(host: str) -> str | None:
    """The name in a header ``Host``; ``None`` where it is none."""
    if not host or _NO_HOST.search(host):
        return None
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return None
    return None if name is None else _bare(name)


def _bare(name: str) -> str:
    return name.lower().removeprefix("[").removesuffix("]").rstrip(".")
