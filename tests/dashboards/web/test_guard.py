"""What is closed: every route of both applications, other sites' requests, wrong names."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import Client

from dashboards.web.application import Applications
from dashboards.web.guard import OPEN
from dashboards.web.sessions import COOKIE

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
VALUES = {"int": "1", "re": "1a2b", "path": "bundle.js"}


def _places(applications: Applications) -> Iterator[tuple[str, str]]:
    """A method and a path of every rule of both applications, and of what is no rule."""
    for rule in applications.own.url_map.iter_rules():
        adapter = applications.own.url_map.bind("localhost")
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
        yield from ((method, path) for method in METHODS)
    for route in applications.optuna.routes:
        path = "".join(
            part if isinstance(part, str) else VALUES.get(part[1], "1")
            for part in _parts(route.rule)
        )
        yield from ((method, path) for method in METHODS)
    yield from ((method, "/nothing") for method in METHODS)


def _parts(rule: str) -> Iterator[str | tuple[str, str]]:
    """Plain text, and the name and the kind of what varies: ``<study_id:int>``."""
    while "<" in rule:
        plain, _, rest = rule.partition("<")
        depth, end = 1, 0
        while depth:
            depth += {"<": 1, ">": -1}.get(rest[end], 0)
            end += 1
        name, _, kind = rest[: end - 1].partition(":")
        yield plain
        yield name, kind.partition(":")[0] if name else "int"
        rule = rest[end:]
    yield rule


def test_every_route_is_closed_but_health_and_login(make_site: Any, password: str) -> None:
    client, applications = make_site(host="0.0.0.0", password=password)
    places = list(_places(applications))
    assert len({path for _, path in places}) > 30
    for method, path in places:
        answer = client.open(path, method=method)
        if (method, path) in OPEN and method != "POST":
            assert answer.status_code == 200, (method, path)
        elif path == "/login" and method == "POST":
            assert answer.status_code == 403, "it doesn't say where it comes from"
        elif method not in ("GET", "HEAD") or path.startswith(("/api", "/csv", "/artifacts")):
            assert answer.status_code == 401, (method, path)
            assert method == "HEAD" or answer.json["reason"].startswith("log in first")
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.location.startswith("/login?next="), (method, path)


def test_what_is_open_is_known() -> None:
    assert {path for _, path in OPEN} == {"/healthz", "/login", "/assets/style.css"}


@pytest.mark.parametrize("path", ["//healthz", "/healthz/", "/login/", "/login/../api/studies"])
def test_other_spellings_of_what_is_open_are_closed(
    make_site: Any, password: str, path: str
) -> None:
    client, _ = make_site(password=password)
    answer = client.open("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 303
    assert answer.location.startswith("/login")


def test_health_says_nothing_but_that(make_site: Any, password: str) -> None:
    client, _ = make_site(host="0.0.0.0", password=password)
    answer = client.get("/healthz", headers={"Host": "anything.example"})
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 400),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://localhost"}, 400),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Referer": "http://localhost/dashboard"}, 400),
        ({"Referer": "http://localhost.evil.example/"}, 403),
    ],
)
def test_only_pages_of_this_server_may_write(
    site: Client, headers: dict[str, str], status: int
) -> None:
    """The request itself is empty, and refused with 400 by whom it is for."""
    assert site.put("/api/studies/1/note", json={}, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8080", 200),
        ("dashboard.lan", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("evil.example@localhost", 400),
        ("192.0.2.7", 400),
        ("", 400),
    ],
)
def test_the_server_answers_to_its_names_alone(make_site: Any, host: str, status: int) -> None:
    client, _ = make_site(allowed_hosts=("dashboard.lan",))
    answer = client.get("/api/meta", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or "--allowed-hosts" in answer.json["reason"]


def test_an_address_is_no_foreign_name_where_it_listens_everywhere(
    make_site: Any, password: str
) -> None:
    client, _ = make_site(host="0.0.0.0", password=password)
    assert client.get("/login", headers={"Host": "192.0.2.7:8080"}).status_code == 200
    assert client.get("/login", headers={"Host": "evil.example"}).status_code == 400


def test_read_only_refuses_whatever_writes(
    make_site: Any, same_site: dict[str, str], study: str
) -> None:
    client, _ = make_site(read_only=True)
    for method, path in (
        ("PUT", "/api/studies/1/note"),
        ("DELETE", "/api/studies/1"),
        ("POST", f"/control/{study}/commands"),
        ("POST", "/nothing"),
    ):
        answer = client.open(path, method=method, headers=same_site)
        assert answer.status_code == 403
        assert "--read-only" in answer.json["reason"]
    assert client.get("/api/studies").status_code == 200


def test_read_only_lets_people_log_in_and_out(
    make_site: Any, password: str, log_in: Callable[..., Any], same_site: dict[str, str]
) -> None:
    client, _ = make_site(read_only=True, password=password)
    assert log_in(client).status_code == 303
    assert client.post("/logout", headers=same_site).status_code == 303


def test_answers_tell_browsers_what_not_to_do(site: Client) -> None:
    headers = site.get("/dashboard").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers.getlist("Content-Security-Policy")
    assert any("script-src 'self'" in one for one in headers.getlist("Content-Security-Policy"))


def test_a_session_ends_with_its_time(make_site: Any, password: str) -> None:
    from dashboards.web.sessions import Sessions

    sessions = Sessions(lasts_seconds=0.0)
    assert not sessions.knows(sessions.begin())
    sessions = Sessions()
    token = sessions.begin()
    assert sessions.knows(token)
    assert not sessions.knows(token[:-1])
    sessions.end(token)
    assert not sessions.knows(token)
    client, _ = make_site(password=password)
    client.set_cookie(COOKIE, token)
    assert client.get("/api/studies").status_code == 401
