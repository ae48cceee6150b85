"""From a written text to the numbers that a model reads."""

from collections.abc import Iterable

from trainer.text.clean import clean_text
from trainer.text.language import Language
from trainer.text.phonemes import phonemize
from trainer.text.symbols import SymbolTable


def texts_to_sequences(
    texts: Iterable[str], language: Language, table: SymbolTable, append_eos: bool = False
) -> list[list[int]]:
    """The symbol numbers of each text, cleaned; symbols that ``table`` lacks are left out.

    Give it all the texts at once: with the table ``phonemes`` each call costs a process.

    Raises:
        BadInputError: ``append_eos`` where the table has no end-of-sentence symbol, or phonemes
            without espeak-ng.
    """
    return [table.encode(text, append_eos) for text in readings(texts, language, table)]


def text_to_sequence(
    text: str, language: Language, table: SymbolTable, append_eos: bool = False
) -> list[int]:
    """The symbol numbers of one text, as :func:`texts_to_sequences` gives them."""
    return texts_to_sequences([text], language, table, append_eos)[0]


def readings(texts: Iterable[str], language: Language, table: SymbolTable) -> list[str]:
    """Each text as ``table`` encodes it: cleaned, and for the table ``phonemes`` in IPA.

    Raises:
        BadInputError: phonemes without espeak-ng.
    """
    cleaned = [clean_text(text, language) for text in texts]
    return phonemize(cleaned, language) if table.in_phonemes else cleaned
