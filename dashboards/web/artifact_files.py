"""Sends artifacts as files: in parts where a player asks for parts, and to be kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import bottle

_HEADERS = {"Cache-Control": "private, max-age=3600", "Content-Security-Policy": "sandbox"}
"""Whatever a file holds, no browser runs it."""


class ArtifactFiles:
    """A plugin of Bottle's. Safari plays no sound whose server can't send parts."""

    name = "artifact_files"
    api = 2

    def apply(self, callback: Callable[..., Any], route: Any) -> Callable[..., Any]:
        """Bottle's hook: what the route is to call instead of ``callback``."""
        if route.method != "GET" or not route.rule.startswith("/artifacts/"):
            return callback

        def sent(*args: Any, **kwargs: Any) -> Any:
            try:
                answer = callback(*args, **kwargs)
            except KeyError as error:
                raise bottle.HTTPError(404, "There is no such study or trial.") from error
            if isinstance(answer, bytes):  # there is none; it has said so
                return answer
            with cast(BinaryIO, answer.body) as file:
                path = Path(file.name)
            mimetype = answer.headers["Content-Type"]
            return bottle.static_file(path.name, path.parent, mimetype, headers=_HEADERS)

        return sent
