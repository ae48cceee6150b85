"""Notes, read as the dashboard's page reads them."""

from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt


@pytest.fixture
def as_html() -> Callable[[str], str]:
    """Markdown with tables as HTML; raw HTML in it is let through, so that it would be seen."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render
