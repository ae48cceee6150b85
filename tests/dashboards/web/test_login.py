"""The login: cookie, wrong passwords, too many of them, where it leads."""

from collections.abc import Callable
from typing import Any

import pytest

from dashboards.web.sessions import COOKIE

LogIn = Callable[..., Any]


def test_the_password_opens_and_logging_out_closes(
    make_site: Any, password: str, log_in: LogIn, same_site: dict[str, str]
) -> None:
    client, _ = make_site(password=password)
    assert client.get("/api/studies").status_code == 401
    assert log_in(client).location == "/dashboard"
    assert client.get("/api/studies").status_code == 200
    assert 'action="/logout"' in client.get("/dashboard").text
    token = client.get_cookie(COOKIE).value
    client.post("/logout", headers=same_site)
    client.set_cookie(COOKIE, token)
    assert client.get("/api/studies").status_code == 401, "the session itself has ended"


def test_the_cookie_is_for_this_site_and_no_script(
    make_site: Any, password: str, log_in: LogIn
) -> None:
    client, _ = make_site(password=password)
    cookie = log_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=43200" in cookie
    assert "Secure" not in cookie
    proxied = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert "Secure" in log_in(client, environ_overrides=proxied).headers["Set-Cookie"]
    https = {"wsgi.url_scheme": "https"}
    assert "Secure" in log_in(client, environ_overrides=https).headers["Set-Cookie"]


def test_a_wrong_password_is_refused(make_site: Any, password: str, log_in: LogIn) -> None:
    client, _ = make_site(password=password)
    for wrong in ("", password[:-1], f"{password} ", password.upper()):
        answer = log_in(client, wrong)
        assert answer.status_code == 401
        assert "This is not the password." in answer.text
        assert client.get_cookie(COOKIE) is None


def test_passwords_are_not_tried_often(make_site: Any, password: str, log_in: LogIn) -> None:
    client, _ = make_site(password=password)
    for _ in range(5):
        assert log_in(client, "wrong").status_code == 401
    refused = log_in(client)
    assert refused.status_code == 429, "the right one too"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert f"try again in {refused.headers['Retry-After']} s" in refused.text
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert log_in(client, environ_overrides=elsewhere).status_code == 303


@pytest.mark.parametrize(
    ("place", "leads_to"),
    [
        ("/control/x?y=1", "/control/x?y=1"),
        ("https://evil.example", "/dashboard"),
        ("//evil.example", "/dashboard"),
        ("/\\evil.example", "/dashboard"),
        ("/\n/evil.example", "/dashboard"),
    ],
)
def test_it_leads_back_and_nowhere_else(
    make_site: Any, password: str, same_site: dict[str, str], place: str, leads_to: str
) -> None:
    client, _ = make_site(password=password)
    answer = client.post(
        "/login", query_string={"next": place}, data={"password": password}, headers=same_site
    )
    assert answer.location == leads_to


def test_a_page_leads_to_the_login_and_back(
    make_site: Any, password: str, same_site: dict[str, str], study: str
) -> None:
    client, _ = make_site(password=password)
    place = client.get(f"/control/{study}?x=1").location
    assert place.startswith("/login?next=")
    answer = client.post(place, data={"password": password}, headers=same_site)
    assert client.get(answer.location).status_code == 200
    assert client.get(place).location == answer.location, "who is in need not log in"


def test_without_a_password_there_is_nothing_to_log_in_to(site: Any, log_in: LogIn) -> None:
    assert site.get("/login").location == "/dashboard"
    assert log_in(site).location == "/dashboard"
    assert "/logout" not in site.get("/dashboard").text
