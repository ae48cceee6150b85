from collections.abc import Callable

import pytest

from dashboards.notes.markdown import block, bullets, code, link, table, text

AsHtml = Callable[[str], str]
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](http://other.example/x.png)",
    "**bold** _thin_ ~~gone~~ # head",
    "a | b",
    "`code` ``and`` ```more```",
    "`",
    " leading and trailing ",
    "back\\slash \\` \\|",
    "two\nlines\n\n# of them",
    "&lt;b&gt; &amp;",
    "- item",
    "1. item",
    "+",
]


def plain(html: str) -> str:
    """The text that a reader sees."""
    for sign, entity in (("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("&", "&amp;")):
        html = html.replace(entity, sign)
    return html.replace("\u2060", "")


@pytest.mark.parametrize("words", HOSTILE)
def test_text_and_code_are_shown_as_they_are(as_html: AsHtml, words: str) -> None:
    shown = " ".join(words.split())
    assert plain(as_html(text(words))) == f"<p>{shown}</p>\n"
    assert plain(as_html(code(words))) == f"<p><code>{shown}</code></p>\n"


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_leaves_its_cell_or_item(as_html: AsHtml, words: str) -> None:
    shown = " ".join(words.split())
    cells = plain(as_html(table(("a", "b"), [(text(words), code(words)), ("x", "y")])))
    assert f"<td>{shown}</td>\n<td><code>{shown}</code></td>" in cells
    assert cells.count("<tr>") == 3
    items = plain(as_html(bullets([text(words), code(words)])))
    assert items == f"<ul>\n<li>{shown}</li>\n<li><code>{shown}</code></li>\n</ul>\n"


@pytest.mark.parametrize("words", HOSTILE)
def test_blocks_end_where_they_should(as_html: AsHtml, words: str) -> None:
    html = plain(as_html(block([words, "last"])))
    assert html == f"<pre><code>{' '.join(words.split())}\nlast\n</code></pre>\n"


def test_decimal_numbers_stay_numbers() -> None:
    assert text("0.001 to 0.1") == "0.001 to 0.1"


def test_long_words_of_others_are_cut() -> None:
    assert text("x" * 600) == "x" * 500 + " …"
    assert code("") == ""


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/control/demo", "/control/demo"),
        ("http://127.0.0.1:5000/#/experiments/1", "http://127.0.0.1:5000/#/experiments/1"),
        ("/control/a b<c>(d)\n", "/control/a%20b%3Cc%3E(d)%0A"),
    ],
)
def test_links_lead_where_they_say(as_html: AsHtml, url: str, target: str) -> None:
    assert as_html(link("the [page]", url)) == f'<p><a href="{target}">the [page]</a></p>\n'


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "JavaScript:x"])
def test_other_kinds_of_links_are_no_links(as_html: AsHtml, url: str) -> None:
    assert as_html(link("run", url)) == "<p>run</p>\n"
