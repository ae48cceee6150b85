"""The report in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.report import html_report

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
WIDTHS = {"a desk": 1280, "a phone": 390}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_report(browser: Any, tmp_path: Path, lab: Any) -> Iterator[Any]:
    """Opens the report of a study; what the page asked for and complained of is kept."""
    pages = []

    def opened(study: str, width: int = 1280, scheme: str = "light") -> Any:
        file = tmp_path / "report.html"
        file.write_text(html_report(lab.database, study, "x"), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append("dialog"), dialog.dismiss()))
        page.goto(file.as_uri())
        page.wait_for_function("document.querySelectorAll('.main-svg').length > 0")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=list(WIDTHS))
def test_it_draws_and_plays_and_asks_nobody(open_report: Any, reported: str, width: int) -> None:
    page = open_report(reported, width)
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    assert page.evaluate("document.querySelector('audio').duration") == pytest.approx(0.5)
    assert page.evaluate("document.querySelector('img').naturalWidth") == 1
    assert page.evaluate("document.querySelectorAll('.canvas .main-svg').length") >= 4
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert page.complaints == []


def test_hostile_texts_run_nothing(open_report: Any, hostile: str) -> None:
    page = open_report(hostile)
    assert page.complaints == []
    assert page.inner_text("h1") == hostile


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_the_page(open_report: Any, reported: str, scheme: str) -> None:
    page = open_report(reported, scheme=scheme)
    light = (
        "getComputedStyle(document.body).{0}.match(/\\d+/g).slice(0, 3).reduce((a, b) => +a + +b)"
    )
    text, back = (
        page.evaluate(light.replace("{0}", name)) for name in ("color", "backgroundColor")
    )
    assert abs(int(text) - int(back)) > 500
    assert (int(text) > int(back)) is (scheme == "dark")
    axis = page.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill")
    assert axis == page.evaluate("getComputedStyle(document.body).color")
