"""What a corpus check found: one row an utterance, and findings that say what to fix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trainer.text import Language

Severity = Literal["error", "warning"]
LEAST_SECONDS = 0.2
"""Of a recording: no word is shorter, nor is the longest window of a spectrogram."""


@dataclass(frozen=True)
class CheckLimits:
    """From where on the check objects."""

    sampling_rate: int = 22_050
    """Hz; recordings below it lack what a model at this rate is to learn."""
    min_duration_s: float = 0.5
    max_duration_s: float = 12.0
    """The published model speaks 1000 frames, 11.6 s, at most."""
    max_edge_silence_s: float = 0.3
    """Silence at the edges delays alignment many times over."""
    max_clipping_share: float = 1e-4
    silent_peak_db: float = -60.0
    quiet_peak_db: float = -30.0
    max_rate_deviation: float = 4.0
    """Robust deviations from the median speaking rate."""
    min_hours: float = 1.0


@dataclass(frozen=True)
class UtteranceRow:
    """One recording that decodes; seconds, dB relative to full scale, shares in [0, 1].

    ``n_characters`` counts the text as it is spoken (numbers spelled out);
    ``characters_per_second`` leaves the silence at the edges out of the time.
    """

    id: str
    sampling_rate: int
    channels: int
    duration_s: float
    n_characters: int
    characters_per_second: float
    leading_silence_s: float
    trailing_silence_s: float
    clipping_share: float
    peak_db: float

    @property
    def edge_silence_s(self) -> float:
        """The longer of the silences at the two edges."""
        return max(self.leading_silence_s, self.trailing_silence_s)


@dataclass(frozen=True)
class Finding:
    """Something to fix: a stable code, what, how, and the utterances that it is about."""

    severity: Severity
    code: str
    message: str
    remedy: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CorpusReport:
    """All of a check. ``rows`` lacks the utterances whose recordings can't be read."""

    path: Path
    language: Language
    n_listed: int
    limits: CheckLimits
    rows: tuple[UtteranceRow, ...]
    findings: tuple[Finding, ...]

    @property
    def hours(self) -> float:
        """Hours of recordings that decode."""
        return sum(row.duration_s for row in self.rows) / 3600

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep a study from starting."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def ids_with(self, code: str) -> frozenset[str]:
        """The utterances that findings of ``code`` are about."""
        return frozenset(i for f in self.findings if f.code == code for i in f.ids)
