"""The dashboard in a real browser: what a person sees, hears and presses."""

import os
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import smart_tuner
from storage.commands import Commands

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ROOT = str(Path(smart_tuner.__file__).parents[1])
PASSWORD = "correct horse"
SECONDS = 60_000
"""Milliseconds that a loaded machine may take to show something."""
HAS_METADATA = "[...document.querySelectorAll('audio')].some(one => one.readyState > 0)"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser itself; without it these tests are skipped."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """An empty page of a browser that was never here before; no script of ours may fail."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    failures: list[str] = []
    # optuna-dashboard's own throws after a note was saved, with its own server too.
    page.on("pageerror", lambda error: failures.append(error.stack))
    yield page
    context.close()
    assert [stack for stack in failures if "/static/bundle.js" not in stack] == []


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory, open_workshop: Callable[..., Any]) -> Any:
    """The folder of a finished study of three trials with a second of sound each."""
    stub = (sys.executable, "-P", str(Path(__file__).with_name("stub_trainer.py")))
    with open_workshop(tmp_path_factory.mktemp("studied"), *stub) as workshop:
        workshop.run(study={"trials": 3})
        for path in workshop.folder.glob("runs/*/*/samples/*.wav"):
            _write_silence(path)
        yield workshop.folder


def _write_silence(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(bytes(2 * 22050))


@contextmanager
def _served(folder: Path, *options: str, password: str = "") -> Iterator[str]:
    """The address of the dashboard of the studies in ``folder``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "smart_tuner.cli", "start", "dashboard", "--port", "0", *options],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": ROOT,
            "SMART_TUNER_DASHBOARD__PASSWORD": password,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        yield said.rpartition("buttons: ")[2].strip().removesuffix("/control")
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def address(studied: Path) -> Iterator[str]:
    with _served(studied) as address:
        yield address


def test_the_study_list(page: Any, address: str) -> None:
    page.goto(f"{address}/")
    page.get_by_text("1. speech").wait_for()
    page.get_by_role("link", name="Pause, stop, prune").click()
    page.get_by_role("link", name="speech").click()
    page.get_by_text("The study is finished").wait_for()


def test_the_study_page_has_our_figures_and_the_note(page: Any, address: str) -> None:
    page.goto(f"{address}/dashboard/studies/1")
    for name in ("gradient-norm", "diagonality", "quality", "savings", "importance"):
        page.locator(f"[id='user-defined-plot:{name}'] svg.main-svg").first.wait_for(
            state="attached"
        )
    page.goto(f"{address}/dashboard/studies/1/note")
    page.get_by_text("Study speech").wait_for()
    page.get_by_role("link", name="pause, resume").click()
    page.wait_for_url("**/control/speech")


def test_the_trial_page_has_a_note_and_sound_that_plays(page: Any, address: str) -> None:
    page.goto(f"{address}/dashboard/studies/1/trials?numbers=0")
    page.get_by_text("What a successful training has").wait_for()
    page.wait_for_selector("audio", state="attached")
    page.wait_for_function(HAS_METADATA)
    seconds = page.evaluate(
        "Math.max(...[...document.querySelectorAll('audio')].map(a => a.duration))"
    )
    assert seconds == pytest.approx(1.0, abs=0.01)
    page.evaluate(
        "Promise.all([document.querySelector('audio')].map(a => (a.muted = true, a.play())))"
    )


def test_the_login(page: Any, studied: Path) -> None:
    with _served(studied, password=PASSWORD) as address:
        page.goto(f"{address}/control/speech")
        page.wait_for_url("**/login?next=*")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("This is not the password.").wait_for()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/control/speech")
        page.goto(f"{address}/dashboard")
        page.get_by_text("1. speech").wait_for()
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.goto(f"{address}/dashboard")
        page.wait_for_url("**/login?next=*")


def test_in_read_only_mode_a_write_is_refused(page: Any, studied: Path) -> None:
    with _served(studied, "--read-only") as address:
        page.goto(f"{address}/dashboard/studies/1/note")
        page.get_by_text("Study speech").wait_for()
        page.locator("button:has(svg[data-testid='EditIcon'])").first.click()
        page.locator("textarea").first.fill("mine")
        with page.expect_response(lambda answer: answer.request.method == "PUT") as refused:
            page.get_by_role("button", name="Save").click()
        assert refused.value.status == 403
        assert "--read-only" in refused.value.json()["reason"]
        page.goto(f"{address}/control/speech")
        page.get_by_text("Read-only").wait_for()
        assert page.get_by_role("button", name="Pause").is_disabled()


def test_a_note_is_edited_and_a_study_is_not_deleted(page: Any, address: str) -> None:
    page.goto(f"{address}/dashboard/studies/1/note")
    page.get_by_text("Study speech").wait_for()
    page.locator("button:has(svg[data-testid='EditIcon'])").first.click()
    page.locator("textarea").first.fill("sounds like my aunt")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        page.get_by_role("button", name="Save").click()
    assert saved.value.status == 204
    page.reload()
    page.get_by_text("sounds like my aunt").wait_for()
    answer = page.evaluate("fetch('/api/studies/1', {method: 'DELETE'}).then(one => one.json())")
    assert "smart-tuner delete" in answer["reason"]


def test_pause_resume_prune_and_stop_from_the_page(page: Any, slow_workshop: Any) -> None:
    controller = slow_workshop.start(trainer={"steps": 4000, "evaluate_every": 20})
    database = slow_workshop.folder / "smart_tuner.db"
    for _ in range(600):
        if database.exists() and slow_workshop.trials():
            break
        page.wait_for_timeout(100)
    with _served(slow_workshop.folder) as address:
        page.goto(f"{address}/control/speech")
        state = page.locator("#live .state").first
        page.locator("#prune-0").wait_for()
        page.get_by_role("button", name="Pause").click()
        page.locator("#live .state.paused").first.wait_for()
        page.get_by_role("button", name="Resume").click()
        page.locator("#live .state.running").first.wait_for()
        assert state.inner_text() == "running"
        page.locator("#prune-0").click()
        page.get_by_role("button", name="Yes, prune").click()
        page.get_by_text("1 pruned").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("link", name="No, back").click()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Yes, stop").click()
        page.locator("#live .state.stopped").first.wait_for()
    assert controller.wait(timeout=60) == 4
    with slow_workshop.database() as database:
        asked = Commands(database).list_of("speech")
    assert [one.kind for one in asked] == ["pause", "resume", "prune", "stop"]
    assert {one.source for one in asked} == {"dashboard"}
