import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.corpus import CheckLimits, CorpusReport, Finding, check_corpus
from trainer.exit_codes import BadInputError

RATE = 22_050
REAL_CORPUS = os.environ.get("SMART_TUNER_TEST_CORPUS")


def found(report: CorpusReport, code: str) -> Finding:
    (finding,) = [finding for finding in report.findings if finding.code == code]
    return finding


def write(root: Path, name: str, samples: np.ndarray, rate: int = RATE) -> None:
    soundfile.write(root / "wavs" / f"{name}.wav", samples, rate, subtype="PCM_16")


def test_a_sound_corpus_has_nothing_to_fix(write_corpus: Callable[..., Path]) -> None:
    calls: list[tuple[int, int]] = []
    report = check_corpus(
        write_corpus(12), lambda done, n: calls.append((done, n)), CheckLimits(min_hours=0)
    )
    assert report.findings == ()
    assert calls == [(i, 12) for i in range(1, 13)]
    row = report.rows[0]
    assert (row.id, row.n_characters, row.duration_s) == ("u00", 22, pytest.approx(1.1))
    assert row.characters_per_second == pytest.approx(20.0, rel=0.02)
    assert row.peak_db == pytest.approx(-6.02, abs=0.02)
    assert report.hours == pytest.approx(sum(r.duration_s for r in report.rows) / 3600)


def test_every_bad_file_and_row_is_collected(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(14, {2: "", 3: "中文"})
    wavs = root / "wavs"
    (wavs / "u04.wav").unlink()
    (wavs / "u05.wav").write_bytes(b"")
    (wavs / "u06.wav").write_bytes((wavs / "u06.wav").read_bytes()[:5000])
    (wavs / "u07.wav").write_bytes((wavs / "u07.wav").read_bytes()[:6000])
    (wavs / "u08.wav").write_text("not audio" * 20)
    report = check_corpus(root)
    ids = {finding.code: finding.ids for finding in report.errors}
    assert ids == {
        "missing_audio": ("u04",),
        "empty_text": ("u02",),
        "no_known_symbol": ("u03",),
        "empty_audio": ("u05",),
        "truncated_audio": ("u06", "u07"),
        "unreadable_audio": ("u08",),
    }
    assert found(report, "truncated_audio").message.startswith("2 recordings can't be used: u06 is")
    assert (len(report.rows), report.n_listed) == (9, 14)
    assert all(finding.remedy for finding in report.findings)


def test_durations_and_amount(
    write_corpus: Callable[..., Path], tone: Callable[..., np.ndarray]
) -> None:
    root = write_corpus(12)
    write(root, "u01", tone(0.3))
    write(root, "u02", tone(13.0))
    report = check_corpus(root)
    assert found(report, "too_short").message == ("1 recording is shorter than 0.5 s: u01 (0.30 s)")
    assert found(report, "too_long").ids == ("u02",)
    assert found(report, "little_speech").severity == "warning"
    assert report.errors == ()


def test_speaking_rate_outliers_worst_first(
    write_corpus: Callable[..., Path], tone: Callable[..., np.ndarray]
) -> None:
    root = write_corpus(20)
    write(root, "u03", tone(2.5))
    write(root, "u11", tone(8.0))
    finding = found(check_corpus(root), "speaking_rate")
    assert finding.ids == ("u11", "u03")
    assert "2 recordings are unusually fast or slow" in finding.message


def test_silence_at_the_edges_is_no_part_of_the_speaking_rate(
    write_corpus: Callable[..., Path], tone: Callable[..., np.ndarray]
) -> None:
    root = write_corpus(12)
    noise = np.random.default_rng(0).normal(0, 1e-4, RATE // 2)
    write(root, "u05", np.concatenate([noise, tone(1.2), noise[: RATE // 10]]))
    report = check_corpus(root)
    row = report.rows[5]
    assert row.leading_silence_s == pytest.approx(0.5, abs=0.02)
    assert row.trailing_silence_s == pytest.approx(0.1, abs=0.02)
    assert found(report, "edge_silence").ids == ("u05",)
    assert not report.ids_with("speaking_rate")


def test_levels(write_corpus: Callable[..., Path], tone: Callable[..., np.ndarray]) -> None:
    root = write_corpus(12)
    write(root, "u00", np.clip(4 * tone(1.0), -1, 1))
    write(root, "u01", np.clip(2 * tone(1.0), -0.6, 0.6))
    write(root, "u02", tone(1.0, level=0.01))
    write(root, "u03", np.zeros(RATE))
    write(root, "u04", tone(1.0, level=1.0))
    report = check_corpus(root)
    assert set(found(report, "clipping").ids) == {"u00", "u01"}
    assert found(report, "quiet").ids == ("u02",)
    assert found(report, "silent").ids == ("u03",)
    assert [finding.code for finding in report.errors] == ["silent"]
    assert not report.ids_with("edge_silence")


def test_formats(write_corpus: Callable[..., Path], tone: Callable[..., np.ndarray]) -> None:
    root = write_corpus(12)
    write(root, "u00", tone(1.1, rate=16_000), rate=16_000)
    write(root, "u01", np.stack([tone(1.1)] * 2, axis=1))
    report = check_corpus(root)
    assert found(report, "low_sampling_rate").ids == ("u00",)
    assert "22050 Hz × 11, 16000 Hz × 1" in found(report, "sampling_rates").message
    assert found(report, "channels").ids == ("u01",)


def test_texts(write_corpus: Callable[..., Path]) -> None:
    report = check_corpus(
        write_corpus(12, {0: "a snowman ☃ ☃", 1: "a 中 word", 2: "Same text.", 3: "same  text."})
    )
    unknown = found(report, "unknown_symbols")
    assert unknown.ids == ("u00", "u01")
    assert "U+2603 'SNOWMAN' × 2" in unknown.message
    assert "U+4E2D 'CJK UNIFIED IDEOGRAPH-4E2D' × 1" in unknown.message
    assert found(report, "duplicate_texts").ids == ("u02", "u03")


def test_errors_come_first(write_corpus: Callable[..., Path]) -> None:
    root = write_corpus(12, {0: "☃ snow"})
    (root / "wavs" / "u05.wav").write_bytes(b"")
    severities = [finding.severity for finding in check_corpus(root).findings]
    assert severities == sorted(severities)
    assert severities[0] == "error"


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"has no metadata\.csv"):
        check_corpus(tmp_path)


@pytest.mark.skipif(
    REAL_CORPUS is None, reason="real speech: set SMART_TUNER_TEST_CORPUS to an LJSpeech folder"
)
def test_real_speech_is_sound() -> None:
    report = check_corpus(Path(str(REAL_CORPUS)))
    assert report.errors == ()
    rates = [row.characters_per_second for row in report.rows]
    assert 8 < float(np.median(rates)) < 25
