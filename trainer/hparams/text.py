"""Hyperparameters of how a text becomes symbols."""

from typing import Literal, Self

from pydantic import model_validator

from trainer.hparams.section import Section


class TextHParams(Section):
    """Symbols and their end."""

    symbols: Literal["auto", "nvidia", "en", "ru", "phonemes"] = "auto"
    """The symbol table; ``auto`` follows the corpus's script (without a corpus: ``nvidia``)."""
    append_eos: bool = False
    """Whether texts end with the table's end-of-sentence symbol (``nvidia`` has none)."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.symbols == "nvidia" and self.append_eos:
            raise ValueError(
                "append_eos=True needs a table with an end-of-sentence symbol: symbols=nvidia has "
                "none, add append_eos=false, or choose symbols=en or ru"
            )
        return self
