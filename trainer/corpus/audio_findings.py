"""What a check says about a corpus's recordings."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from trainer.corpus.report import LEAST_SECONDS, CheckLimits, Finding, Severity, UtteranceRow
from trainer.corpus.speaking_rate import rate_deviations


@dataclass(frozen=True)
class Rule:
    """An objection to single recordings.

    Attributes:
        applies: whether it holds of a row.
        badness: orders the rows it holds of; the worst is named first.
        complaint: what the recordings are; may name ``{limits...}``.
        value: what the worst one has; names ``{row...}``.
    """

    code: str
    applies: Callable[[UtteranceRow, CheckLimits], bool]
    badness: Callable[[UtteranceRow], float]
    complaint: str
    value: str
    remedy: str
    severity: Severity = "warning"


RULES = (
    Rule(
        code="silent",
        severity="error",
        applies=lambda row, limits: row.peak_db < limits.silent_peak_db,
        badness=lambda row: -row.peak_db,
        complaint="silent",
        value="peak {row.peak_db:.0f} dB",
        remedy="record them again or remove their rows",
    ),
    Rule(
        code="no_speech",
        severity="error",
        applies=lambda row, limits: row.duration_s < LEAST_SECONDS,
        badness=lambda row: -row.duration_s,
        complaint=f"shorter than {LEAST_SECONDS:g} s",
        value="{row.duration_s:.3f} s",
        remedy="export them again or remove their rows: nothing is said in so short a time",
    ),
    Rule(
        code="too_short",
        applies=lambda row, limits: LEAST_SECONDS <= row.duration_s < limits.min_duration_s,
        badness=lambda row: -row.duration_s,
        complaint="shorter than {limits.min_duration_s:g} s",
        value="{row.duration_s:.2f} s",
        remedy="join each with its neighbour or remove it",
    ),
    Rule(
        code="too_long",
        applies=lambda row, limits: row.duration_s > limits.max_duration_s,
        badness=lambda row: row.duration_s,
        complaint="longer than {limits.max_duration_s:g} s",
        value="{row.duration_s:.1f} s",
        remedy="split each at a pause: long recordings align late and take much memory",
    ),
    Rule(
        code="edge_silence",
        applies=lambda row, limits: (
            row.peak_db >= limits.silent_peak_db and row.edge_silence_s > limits.max_edge_silence_s
        ),
        badness=lambda row: row.edge_silence_s,
        complaint="silent at an edge for more than {limits.max_edge_silence_s:g} s",
        value="{row.leading_silence_s:.2f} s before and {row.trailing_silence_s:.2f} s after",
        remedy="trim to about 0.05 s: silent edges delay the alignment and hurt the stop gate",
    ),
    Rule(
        code="clipping",
        applies=lambda row, limits: row.clipping_share > limits.max_clipping_share,
        badness=lambda row: row.clipping_share,
        complaint="clipped",
        value="{row.clipping_share:.2%} of the samples",
        remedy="record or export them at a lower level, or declip them",
    ),
    Rule(
        code="quiet",
        applies=lambda row, limits: limits.silent_peak_db <= row.peak_db < limits.quiet_peak_db,
        badness=lambda row: -row.peak_db,
        complaint="very quiet",
        value="peak {row.peak_db:.0f} dB",
        remedy="bring all recordings to one level, with peaks between -12 and -1 dB",
    ),
    Rule(
        code="low_sampling_rate",
        applies=lambda row, limits: row.sampling_rate < limits.sampling_rate,
        badness=lambda row: -row.sampling_rate,
        complaint="sampled below {limits.sampling_rate} Hz",
        value="{row.sampling_rate} Hz",
        remedy="use originals of a higher rate if there are any: these will sound dull",
    ),
    Rule(
        code="channels",
        applies=lambda row, limits: row.channels > 1,
        badness=lambda row: row.channels,
        complaint="in several channels",
        value="{row.channels} channels",
        remedy="the mean of the channels is used: export one channel if they differ",
    ),
)


def audio_findings(rows: Sequence[UtteranceRow], limits: CheckLimits) -> Iterator[Finding]:
    """Every objection to ``rows``."""
    for rule in RULES:
        found = [row for row in rows if rule.applies(row, limits)]
        if found:
            yield _finding(rule, found, limits)
    yield from _speaking_rates(rows, limits)
    yield from _sampling_rates(rows)
    yield from _amount(rows, limits)


def _finding(rule: Rule, found: Sequence[UtteranceRow], limits: CheckLimits) -> Finding:
    ranked = sorted(found, key=rule.badness, reverse=True)
    subject = "1 recording is" if len(ranked) == 1 else f"{len(ranked)} recordings are"
    complaint = rule.complaint.format(limits=limits)
    worst = f"{ranked[0].id} ({rule.value.format(row=ranked[0])})"
    named = worst if len(ranked) == 1 else f"the worst is {worst}"
    ids = tuple(row.id for row in ranked)
    return Finding(rule.severity, rule.code, f"{subject} {complaint}: {named}", rule.remedy, ids)


def _speaking_rates(rows: Sequence[UtteranceRow], limits: CheckLimits) -> Iterator[Finding]:
    audible = [row for row in rows if row.peak_db >= limits.silent_peak_db]
    deviations = rate_deviations([row.characters_per_second for row in audible])
    deviation_of = dict(zip((row.id for row in audible), deviations, strict=True))
    rule = Rule(
        code="speaking_rate",
        applies=lambda row, limits: abs(deviation_of[row.id]) > limits.max_rate_deviation,
        badness=lambda row: abs(deviation_of[row.id]),
        complaint="unusually fast or slow for the text",
        value="{row.characters_per_second:.1f} characters a second",
        remedy="compare text and recording: words may be missing in one of them",
    )
    found = [row for row in audible if rule.applies(row, limits)]
    if found:
        yield _finding(rule, found, limits)


def _sampling_rates(rows: Sequence[UtteranceRow]) -> Iterator[Finding]:
    counts = Counter(row.sampling_rate for row in rows)
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        yield Finding(
            "warning",
            "sampling_rates",
            "the sampling rates differ: "
            + ", ".join(f"{rate} Hz × {n}" for rate, n in counts.most_common()),
            "all are resampled to one: make sure that they are of one speaker and microphone",
            tuple(row.id for row in rows if row.sampling_rate != usual),
        )


def _amount(rows: Sequence[UtteranceRow], limits: CheckLimits) -> Iterator[Finding]:
    hours = sum(row.duration_s for row in rows) / 3600
    if hours < limits.min_hours:
        yield Finding(
            "warning",
            "little_speech",
            f"there are {hours * 60:.1f} minutes of recordings in all",
            f"record at least {limits.min_hours:g} h for the preset tacotron2, or use the "
            "preset demo",
        )
