import io
from pathlib import Path

import matplotlib.image
import pytest
from rich.console import Console

from smart_tuner.corpus_view import draw_report, print_report
from trainer.corpus import CheckLimits, CorpusReport, Finding, UtteranceRow


def row(name: str, duration_s: float, rate: float = 15.0) -> UtteranceRow:
    return UtteranceRow(
        id=name,
        sampling_rate=22_050,
        channels=1,
        duration_s=duration_s,
        n_characters=round(rate * duration_s),
        characters_per_second=rate,
        leading_silence_s=0.04,
        trailing_silence_s=0.02 * duration_s,
        clipping_share=0.0,
        peak_db=-3.0,
    )


def report(rows: tuple[UtteranceRow, ...], *findings: Finding) -> CorpusReport:
    return CorpusReport(Path("my[corpus]"), "ru", len(rows) + 2, CheckLimits(), rows, findings)


ROWS = (*(row(f"u{i}", 1.0 + 0.1 * i) for i in range(30)), row("odd", 9.0, rate=2.0))
RATE = Finding("warning", "speaking_rate", "1 recording is slow: odd", "listen to it", ("odd",))
CLIPS = Finding("warning", "clipping", "7 are clipped", "declip", tuple(f"u{i}" for i in range(7)))
GONE = Finding("error", "missing_audio", "the recording of 'u[x]' is missing", "add it", ("u[x]",))


def printed(shown: CorpusReport) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_report(shown, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_print_says_what_it_is_and_what_to_fix() -> None:
    text = printed(report(ROWS, GONE, CLIPS))
    assert "my[corpus]" in text
    assert "Russian" in text
    assert "31 / 33" in text
    assert "the recording of 'u[x]' is missing" in text
    assert "fix: add it" in text
    assert "u0, u1, u2, u3, u4 and 2 more" in text
    assert "Fix 1 error first, then see 1 warning." in text


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [((), "Ready to train: nothing to fix."), ((RATE, CLIPS), "Ready to train, with 2 warnings.")],
)
def test_verdicts(findings: tuple[Finding, ...], verdict: str) -> None:
    assert printed(report(ROWS, *findings)).rstrip().endswith(verdict)


def test_print_of_a_corpus_without_a_readable_file() -> None:
    assert "0 / 2" in printed(report((), GONE))


def test_draw(tmp_path: Path) -> None:
    plain, marked = tmp_path / "plain.png", tmp_path / "new" / "marked.png"
    draw_report(report(ROWS), plain)
    draw_report(report(ROWS, RATE, CLIPS), marked)
    first, second = matplotlib.image.imread(plain), matplotlib.image.imread(marked)
    assert first.shape == second.shape == (800, 1200, 4)
    assert first[..., :3].std() > 0.05  # something is drawn
    assert (first != second).any()  # outliers and clipping show


def test_draw_of_a_corpus_without_a_readable_file(tmp_path: Path) -> None:
    draw_report(report(()), tmp_path / "empty.png")
    assert matplotlib.image.imread(tmp_path / "empty.png").shape == (800, 1200, 4)
