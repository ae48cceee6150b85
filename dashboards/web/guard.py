"""What stands before every request: everything is closed that is not opened here."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from dashboards.web.answers import LOGIN, SAFE_METHODS, log_in_first, refusal
from dashboards.web.origin import Hosts, is_same_origin
from dashboards.web.sessions import COOKIE, Sessions
from dashboards.web.settings import WebSettings

HEALTH = "/healthz"
LOGOUT = "/logout"
OPEN = frozenset(
    {
        ("GET", HEALTH),
        ("HEAD", HEALTH),
        ("GET", LOGIN),
        ("HEAD", LOGIN),
        ("POST", LOGIN),
        ("GET", "/assets/style.css"),
        ("HEAD", "/assets/style.css"),
    }
)
"""What needs no login. Paths are compared as they are: any other spelling is closed."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FRAMES = "frame-ancestors 'self'"
_FOREIGN = "Access-Control-Allow-Origin"
"""Artifacts of optuna-dashboard's allow every site to read them."""
_PUBLIC = ("/static/", "/assets/")
"""Scripts and styles, which browsers may keep as long as they ask whether they are new."""

_Environ = dict[str, Any]
_StartResponse = Callable[..., Any]
Application = Callable[[_Environ, _StartResponse], Iterable[bytes]]


class Guard:
    """A WSGI application before another one.

    Args:
        application: what it guards.
        settings: what the server allows.
        sessions: who has logged in.
    """

    def __init__(self, application: Application, settings: WebSettings, sessions: Sessions) -> None:
        self._application = application
        self._settings = settings
        self._sessions = sessions
        self._hosts = Hosts(settings)

    def __call__(self, environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
        """Answer a request: pass it on, or refuse it."""
        answer = self._refusal(Request(environ)) or self._application
        return answer(environ, _with_headers(start_response, environ["PATH_INFO"]))

    def _refusal(self, request: Request) -> Response | None:
        """Why a request goes no further; ``None`` if it may."""
        path = request.environ["PATH_INFO"]  # werkzeug's own has no second slash
        place = request.method, path
        if path == HEALTH and place in OPEN:
            return None
        host = request.environ.get("HTTP_HOST", "")
        if not self._hosts.allow(host):
            return _wrong_host(request, host)
        if place not in OPEN and not self._is_known(request):
            return log_in_first(request)
        if request.method in SAFE_METHODS:
            return None
        if not is_same_origin(request):
            return refusal(request, 403, "this must be asked from a page of this server")
        if self._settings.read_only and path not in (LOGIN, LOGOUT):
            return refusal(request, 403, "the dashboard was started with --read-only")
        return None

    def _is_known(self, request: Request) -> bool:
        return self._settings.password is None or self._sessions.knows(request.cookies.get(COOKIE))


def _wrong_host(request: Request, host: str) -> Response:
    reason = (
        f"this server is not called {host!r}: where that is right, start it with"
        " --allowed-hosts and that name"
    )
    return refusal(request, 400, reason)


def _with_headers(start_response: _StartResponse, path: str) -> _StartResponse:
    """``start_response`` that says of every answer how browsers are to treat it."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        complete = Headers(headers)
        complete.remove(_FOREIGN)
        complete.update(_HEADERS)
        complete.add("Content-Security-Policy", _FRAMES)
        complete.setdefault("Cache-Control", "no-cache" if path.startswith(_PUBLIC) else "no-store")
        return start_response(status, list(complete), *error)

    return start
