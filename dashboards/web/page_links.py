"""Our links on the pages of optuna-dashboard, beside its own."""

from collections.abc import Callable
from typing import Any, BinaryIO, cast

import bottle

_STYLE = '<link rel="stylesheet" href="/assets/links.css">'
_CONTROL = '<a href="/control">Pause, stop, prune</a>'
_LOGOUT = '<form method="post" action="/logout"><button>Log out</button></form>'
_OF_THE_FILE = ("Content-Length", "Last-Modified", "ETag", "Accept-Ranges")


class PageLinks:
    """A plugin of Bottle's that adds to the one page that optuna-dashboard has.

    Args:
        has_login: whether there is anything to log out of.
    """

    name = "page_links"
    api = 2

    def __init__(self, *, has_login: bool) -> None:
        self._links = f'<nav id="smart-tuner">{_CONTROL}{_LOGOUT if has_login else ""}</nav>'

    def apply(self, callback: Callable[..., Any], route: Any) -> Callable[..., Any]:
        """Bottle's hook: what the route is to call instead of ``callback``."""
        if route.method != "GET" or not route.rule.startswith("/dashboard"):
            return callback

        def linked(*args: Any, **kwargs: Any) -> Any:
            # It is the file that changes, not what a browser keeps of it: no 304, no part of it.
            for header in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_RANGE"):
                bottle.request.environ.pop(header, None)
            answer = callback(*args, **kwargs)
            if bottle.request.method == "HEAD":
                return answer
            with cast(BinaryIO, answer.body) as file:
                page = file.read().decode()
            for header in _OF_THE_FILE:
                answer.headers.pop(header, None)
            page = page.replace("</head>", f"{_STYLE}</head>", 1)
            answer.body = page.replace("</body>", f"{self._links}</body>", 1).encode()
            return answer

        return linked
