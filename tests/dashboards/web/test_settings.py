"""Which addresses need a password."""

import pytest

from dashboards.web.settings import WebError, WebSettings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_this_machine_alone_needs_no_password(host: str) -> None:
    assert WebSettings(host=host).is_local


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.168.1.5", "box.lan", "127.0.0.1.nip.io"]
)
def test_every_other_address_does(host: str) -> None:
    with pytest.raises(WebError, match="SMART_TUNER_DASHBOARD__PASSWORD"):
        WebSettings(host=host)
    assert not WebSettings(host=host, password="x").is_local


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(WebSettings(password="secret"))
