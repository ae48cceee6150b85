"""From a written text to the numbers that a model reads."""

from trainer.text.clean import clean_text
from trainer.text.language import Language
from trainer.text.symbols import SymbolTable


def text_to_sequence(
    text: str, language: Language, table: SymbolTable, append_eos: bool = False
) -> list[int]:
    """The symbol numbers of ``text``, cleaned; symbols that ``table`` lacks are left out.

    Raises:
        BadInputError: ``append_eos`` where the table has no end-of-sentence symbol.
    """
    return table.encode(clean_text(text, language), append_eos)
