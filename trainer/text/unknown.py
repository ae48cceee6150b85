"""What a corpus holds and the symbol table lacks, by name and count."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from trainer.text.clean import clean_text
from trainer.text.language import Language
from trainer.text.symbols import SymbolTable


def unknown_symbols(texts: Iterable[str], language: Language, table: SymbolTable) -> Counter[str]:
    """The symbols of the cleaned ``texts`` that ``table`` lacks, each with its count."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(table.unknown(clean_text(text, language)))
    return counts


def symbol_name(symbol: str) -> str:
    """What to call ``symbol``: ``U+4E2D 'CJK UNIFIED IDEOGRAPH-4E2D'``, ``ARPAbet 'HH'``."""
    if len(symbol) > 1:
        return f"ARPAbet '{symbol.removeprefix('@')}'"
    code = f"U+{ord(symbol):04X}"
    name = unicodedata.name(symbol, "")
    return f"{code} '{name}'" if name else f"{code} (a character without a name)"
