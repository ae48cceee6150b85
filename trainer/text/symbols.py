"""Symbol tables: which characters a model knows, and their numbers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from trainer.exit_codes import BadInputError
from trainer.text.arpabet import ARPABET, split_phonemes
from trainer.text.phoneme_symbols import PHONEME_SYMBOLS

PAD = "_"
EOS = "~"
STRESS_PLUS = "+"
"""Russian stress written before the vowel: ``з+амок``."""
STRESS_ACUTE = "\N{COMBINING ACUTE ACCENT}"
"""Russian stress written after the vowel."""


@dataclass(frozen=True)
class SymbolTable:
    """A model's symbols; a symbol's number is its index in ``symbols``.

    Attributes:
        name: ``nvidia``, ``en``, ``ru`` or ``phonemes``.
        symbols: All symbols; the padding is the first, ARPAbet phonemes start with ``@``.
        eos_id: The number of the end-of-sentence symbol; None where the table has none.
        in_phonemes: Whether the symbols stand for sounds, so that texts are phonemized first.
    """

    name: str
    symbols: tuple[str, ...]
    eos_id: int | None = None
    in_phonemes: bool = False
    pad_id: ClassVar[int] = 0

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, text: str, append_eos: bool = False) -> list[int]:
        """The numbers of the symbols of a reading (:func:`trainer.text.readings`).

        Unknown symbols are left out.

        ARPAbet in braces (``{HH AW1 S}``) stands for phonemes. Padding and end of sentence are
        not written in a text: there, their characters are unknown.

        Raises:
            BadInputError: ``append_eos`` where the table has no end-of-sentence symbol.
        """
        numbers = [self._numbers[token] for token in _tokens(text) if token in self._numbers]
        if not append_eos:
            return numbers
        if self.eos_id is None:
            raise BadInputError(
                f"append_eos=True: the symbol table '{self.name}' has no end-of-sentence symbol; "
                "choose symbols=en or symbols=ru"
            )
        return [*numbers, self.eos_id]

    def unknown(self, text: str) -> Counter[str]:
        """The symbols of a reading that the table lacks, and how often each occurs."""
        return Counter(token for token in _tokens(text) if token not in self._numbers)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        reserved = {self.pad_id, self.eos_id}
        return {s: number for number, s in enumerate(self.symbols) if number not in reserved}


def symbol_table(name: str) -> SymbolTable:
    """The table called ``name``: ``nvidia``, ``en``, ``ru``, ``phonemes``, ``auto`` (``nvidia``).

    Raises:
        BadInputError: There is no such table.
    """
    if name not in _TABLES:
        known = ", ".join(_TABLES)
        raise BadInputError(f"unknown symbol table '{name}'; known are {known}")
    return _TABLES[name]


def _tokens(text: str) -> Iterator[str]:
    for plain, phonemes in split_phonemes(text):
        yield from plain
        yield from (f"@{phoneme}" for phoneme in phonemes)


def _with_eos(name: str, characters: str) -> SymbolTable:
    return SymbolTable(name, (PAD, EOS, *characters), eos_id=1)


_LATIN = "abcdefghijklmnopqrstuvwxyz"
_NVIDIA = SymbolTable(
    "nvidia",
    (PAD, "-", *"!'(),.:;? ", *_LATIN.upper(), *_LATIN, *(f"@{phoneme}" for phoneme in ARPABET)),
)
# The order of a table is part of every checkpoint trained with it: append, never reorder.
_TABLES = {
    "nvidia": _NVIDIA,
    "en": _with_eos("en", " -'\"(),.:;!?" + _LATIN),
    "ru": _with_eos(
        "ru",
        " -—'\"(),.:;!?абвгдеёжзийклмнопрстуфхцчшщъыьэюя" + STRESS_PLUS + STRESS_ACUTE,
    ),
    "phonemes": SymbolTable("phonemes", (PAD, EOS, *PHONEME_SYMBOLS), eos_id=1, in_phonemes=True),
    "auto": _NVIDIA,
}
