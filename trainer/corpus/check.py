"""The check of a corpus: every recording decoded, every problem collected."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from trainer.corpus.audio_file import BadAudioError, decode_audio
from trainer.corpus.audio_findings import audio_findings
from trainer.corpus.listing import Listing, list_corpus
from trainer.corpus.measure import measure
from trainer.corpus.report import CheckLimits, CorpusReport, Finding, UtteranceRow
from trainer.corpus.text_findings import text_findings
from trainer.corpus.utterance import Utterance, is_file
from trainer.text import Language, clean_text


def check_corpus(
    path: Path,
    progress: Callable[[int, int], None] | None = None,
    limits: CheckLimits | None = None,
) -> CorpusReport:
    """Check the corpus at ``path`` (layouts: :func:`trainer.corpus.load_corpus`).

    Recordings are decoded one after the other, so that memory stays flat. ``progress`` is called
    with how many are done and of how many.

    Raises:
        BadInputError: there is no list of utterances to check. Anything else is a finding.
    """
    limits = limits or CheckLimits()
    listing = list_corpus(path)
    rows, failures = _measured(listing, progress)
    findings = (
        *(Finding("error", p.code, p.message, p.remedy, p.ids) for p in listing.problems),
        *_failure_findings(failures),
        *audio_findings(rows, limits),
        *text_findings(listing),
    )
    ordered = sorted(findings, key=lambda finding: finding.severity)
    n_listed = len(listing.utterances)
    return CorpusReport(path, listing.language, n_listed, limits, tuple(rows), tuple(ordered))


def _measured(
    listing: Listing, progress: Callable[[int, int], None] | None
) -> tuple[list[UtteranceRow], dict[str, BadAudioError]]:
    """Rows of what decodes, and the error of what doesn't; missing files are listed already."""
    present: dict[str, Utterance] = {}
    for utterance in listing.utterances:
        if is_file(utterance.audio_path):
            present.setdefault(utterance.id, utterance)
    rows: list[UtteranceRow] = []
    failures: dict[str, BadAudioError] = {}
    for done, utterance in enumerate(present.values(), start=1):
        try:
            rows.append(_row(utterance, listing.language))
        except BadAudioError as error:
            failures[utterance.id] = error
        if progress is not None:
            progress(done, len(present))
    return rows, failures


def _row(utterance: Utterance, language: Language) -> UtteranceRow:
    samples, sampling_rate = decode_audio(utterance.audio_path)
    measures = measure(samples, sampling_rate)
    n_characters = len(clean_text(utterance.text, language))
    edges_s = measures.leading_silence_s + measures.trailing_silence_s
    speech_s = measures.duration_s - edges_s
    return UtteranceRow(
        id=utterance.id,
        sampling_rate=sampling_rate,
        channels=samples.shape[1],
        duration_s=measures.duration_s,
        n_characters=n_characters,
        characters_per_second=n_characters / speech_s if speech_s > 0 else 0.0,
        leading_silence_s=measures.leading_silence_s,
        trailing_silence_s=measures.trailing_silence_s,
        clipping_share=measures.clipping_share,
        peak_db=measures.peak_db,
    )


def _failure_findings(failures: dict[str, BadAudioError]) -> Iterator[Finding]:
    """One finding for each way in which recordings fail; the first of each is described."""
    ids_of: defaultdict[str, list[str]] = defaultdict(list)
    for name, error in failures.items():
        ids_of[error.code].append(name)
    for code, ids in ids_of.items():
        which = "1 recording" if len(ids) == 1 else f"{len(ids)} recordings"
        yield Finding(
            "error",
            f"{code}_audio",
            f"{which} can't be used: {ids[0]} {failures[ids[0]].fault}",
            "export the recording again or remove its row",
            tuple(ids),
        )
