"""What a check says about a corpus's texts."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from trainer.corpus.listing import Listing
from trainer.corpus.report import Finding
from trainer.text import default_symbols, symbol_name, symbol_table, unknown_symbols

_SHOWN_SYMBOLS = 12


def text_findings(listing: Listing) -> Iterator[Finding]:
    """Texts that repeat, and symbols that the language's table doesn't know."""
    yield from _duplicate_texts(listing)
    yield from _unknown_symbols(listing)


def _duplicate_texts(listing: Listing) -> Iterator[Finding]:
    ids_of: defaultdict[str, list[str]] = defaultdict(list)
    for utterance in listing.utterances:
        if utterance.text:
            ids_of[" ".join(utterance.text.casefold().split())].append(utterance.id)
    repeated = {text: ids for text, ids in ids_of.items() if len(ids) > 1}
    if repeated:
        text, ids = next(iter(repeated.items()))
        yield Finding(
            "warning",
            "duplicate_texts",
            f"{len(repeated)} texts are spoken more than once, such as {text[:40]!r} "
            f"({len(ids)} times)",
            "harmless in small numbers; those held out for validation are left out of training",
            tuple(name for ids in repeated.values() for name in ids),
        )


def _unknown_symbols(listing: Listing) -> Iterator[Finding]:
    table = symbol_table(default_symbols(listing.language))
    counts: Counter[str] = Counter()
    ids: list[str] = []
    for utterance in listing.utterances:
        unknown = unknown_symbols([utterance.text], listing.language, table)
        counts.update(unknown)
        if unknown:
            ids.append(utterance.id)
    if counts:
        shown = [f"{symbol_name(s)} × {n}" for s, n in counts.most_common(_SHOWN_SYMBOLS)]
        more = f" and {len(counts) - len(shown)} more" if len(counts) > len(shown) else ""
        yield Finding(
            "warning",
            "unknown_symbols",
            f"{len(counts)} symbols are not in the table {table.name!r}: {', '.join(shown)}{more}",
            "they are left out of what the model reads: write them as they are spoken",
            tuple(ids),
        )
