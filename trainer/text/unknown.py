"""What a corpus holds and the symbol table lacks, by name and count."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from trainer.text.language import Language
from trainer.text.sequence import readings
from trainer.text.symbols import SymbolTable


def unknown_symbols(texts: Iterable[str], language: Language, table: SymbolTable) -> Counter[str]:
    """The symbols of the ``texts`` as they are read that ``table`` lacks, each with its count.

    Raises:
        BadInputError: phonemes without espeak-ng.
    """
    counts: Counter[str] = Counter()
    for reading in readings(texts, language, table):
        counts.update(table.unknown(reading))
    return counts


def symbol_name(symbol: str) -> str:
    """What to call ``symbol``: ``U+4E2D 'CJK UNIFIED IDEOGRAPH-4E2D'``, ``ARPAbet 'HH'``."""
    if len(symbol) > 1:
        return f"ARPAbet '{symbol.removeprefix('@')}'"
    code = f"U+{ord(symbol):04X}"
    name = unicodedata.name(symbol, "")
    return f"{code} '{name}'" if name else f"{code} (a character without a name)"
