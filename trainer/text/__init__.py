"""Text: symbol tables, languages, cleaning; neither torch nor matplotlib."""

from trainer.text.clean import clean_text
from trainer.text.language import Language, default_symbols, detect_language
from trainer.text.sequence import readings, text_to_sequence, texts_to_sequences
from trainer.text.symbols import SymbolTable, symbol_table
from trainer.text.unknown import symbol_name, unknown_symbols

__all__ = [
    "Language",
    "SymbolTable",
    "clean_text",
    "default_symbols",
    "detect_language",
    "readings",
    "symbol_name",
    "symbol_table",
    "text_to_sequence",
    "texts_to_sequences",
    "unknown_symbols",
]
