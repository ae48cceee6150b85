import pytest
from sqlalchemy import make_url

from storage.errors import holds_secret, safe_text, safe_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///study.db", "sqlite:///study.db"),
        ("postgresql://u:hunter2@h:1/d", "postgresql://u:***@h:1/d"),
        ("postgresql://h/d?user=u&password=hunter2", "postgresql://h/d?password=***&user=u"),
        (
            "mysql+pymysql://u:p%40hunter2@h/d?passwd=hunter2",
            "mysql+pymysql://u:***@h/d?passwd=***",
        ),
    ],
)
def test_safe_url_hides_every_password(url: str, shown: str) -> None:
    assert safe_url(make_url(url)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("study.db", "study.db"),
        ("postgresql://u:hunter2", "postgresql://…"),
        ("postgresql//u:hunter2@h/d", "…"),
        ("u:hunter2", "…"),
    ],
)
def test_safe_text_shows_nothing_that_could_be_a_password(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        ("sqlite:///study.db", False),
        ("postgresql://u@h:1/d?connect_timeout=3", False),
        ("postgresql://u:@h/d?password=&passfile=/p&sslkey=/k", False),
        ("postgresql://u:hunter2@h:1/d", True),
        ("postgresql://h/d?user=u&password=hunter2", True),
        ("mysql+pymysql://h/d?passwd=hunter2&ssl_key=/k", True),
    ],
)
def test_a_secret_is_found_wherever_it_stands(url: str, holds: bool) -> None:
    assert holds_secret(make_url(url)) == holds
