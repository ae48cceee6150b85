"""The pages /login and /logout."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dashboards.web.password import Password
from dashboards.web.sessions import COOKIE, LASTS_SECONDS, Sessions

_HOME = "/dashboard"


def login_pages(password: str | None, sessions: Sessions) -> Blueprint:
    """The pages; without a password everybody is in already."""
    pages = Blueprint("login", __name__)
    checked = None if password is None else Password(password)

    @pages.get("/login")
    def show() -> AnyResponse:
        if checked is None or sessions.knows(request.cookies.get(COOKIE)):
            return redirect(_local(request.args.get("next")), 303)
        return _page(200)

    @pages.post("/login")
    def log_in() -> AnyResponse:
        if checked is None:
            return redirect(_HOME, 303)
        if seconds := checked.wait_seconds(request.remote_addr or ""):
            refused = _page(429, f"Too many attempts: try again in {seconds} s.")
            refused.headers["Retry-After"] = str(seconds)
            return refused
        if not checked.is_right(request.form.get("password", "")):
            return _page(401, "This is not the password.")
        answer = redirect(_local(request.args.get("next")), 303)
        _set_cookie(answer, sessions.begin())
        return answer

    @pages.post("/logout")
    def log_out() -> AnyResponse:
        sessions.end(request.cookies.get(COOKIE))
        answer = redirect("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return pages


def _page(status: int, problem: str | None = None) -> Response:
    return make_response(render_template("login.html", problem=problem), status)


def _set_cookie(answer: AnyResponse, token: str) -> None:
    """Secure where the browser speaks https, to this server or to a proxy before it."""
    forwarded = request.headers.get("X-Forwarded-Proto", "")
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(LASTS_SECONDS),
        httponly=True,
        samesite="Strict",
        secure=request.is_secure or forwarded.split(",")[0].strip() == "https",
    )


def _local(place: str | None) -> str:
    """A place of this server; anything else leads to its home."""
    if place is None or not place.startswith("/") or place[1:2] in ("/", "\\"):
        return _HOME
    return _HOME if any(ord(one) < 32 for one in place) else place
