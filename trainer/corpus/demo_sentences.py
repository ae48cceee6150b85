"""The sentences of the demo corpus: 4-6 words each, from a small vocabulary, all distinct.

A comma stands in about 60 % of them, at varying places: without pauses a straight line through
the text would score as well as attention that listens.
"""

import random
from dataclasses import dataclass
from typing import Literal

DemoLanguage = Literal["en", "ru"]
COMMA_SHARE = 0.6


@dataclass(frozen=True)
class Grammar:
    """Word lists by slot, and templates made of slots, plain words and commas."""

    slots: dict[str, str]
    plain: tuple[str, ...]
    with_comma: tuple[str, ...]


_ENGLISH = Grammar(
    slots={
        "A": "red small happy young green quiet clever bright old round",
        "N": "dog fish teacher river moon child bird ship farmer queen judge boy",
        "V": "jumps sings waits shines thinks moves laughs looks",
        "T": "sees hears loves finds watches",
        "D": "today again slowly there outside often now",
    },
    plain=("my N V D", "the A N V D", "the N T the N", "the N T the A N", "the A N T the N"),
    with_comma=(
        "D, the A N V",
        "D, the N V",
        "N, the A N V",
        "the N V, A and A",
        "the A N V, N",
        "the N V, the N V",
        "the N V D, N",
        "D, the N T the N",
    ),
)

_RUSSIAN = Grammar(
    slots={
        "M": "добрый тихий старый юный большой рыжий",
        "N": "кот друг снег мальчик голубь жук лес",
        "F": "новая белая чужая весёлая синяя",
        "S": "птица луна щука мышь девочка собака звезда",
        "V": "поёт стоит ждёт бежит молчит смотрит думает",
        "D": "сегодня опять тихо здесь давно вечером",
    },
    plain=("M N V D", "F S V D", "D V M N", "D V F S", "этот M N D V", "эта F S D V"),
    with_comma=(
        "да, M N V D",
        "нет, F S V",
        "N V, а S V",
        "S V, а N V D",
        "M N V, F S V",
        "N, M и M, V D",
        "N V D, и S V",
        "F S V, и N V",
    ),
)

_GRAMMARS: dict[DemoLanguage, Grammar] = {"en": _ENGLISH, "ru": _RUSSIAN}


def demo_sentences(language: DemoLanguage, n_sentences: int) -> tuple[str, ...]:
    """``n_sentences`` distinct sentences, always the same ones in the same order."""
    grammar = _GRAMMARS[language]
    draw = random.Random(f"demo sentences {language}")
    sentences: dict[str, None] = {}
    while len(sentences) < n_sentences:
        templates = grammar.with_comma if draw.random() < COMMA_SHARE else grammar.plain
        sentences.setdefault(_filled(draw.choice(templates), grammar, draw))
    return tuple(sentences)


def _filled(template: str, grammar: Grammar, draw: random.Random) -> str:
    """``template`` with a word in each slot, no word twice, as a written sentence."""
    words: list[str] = []
    for slot in template.replace(",", "").split():
        choices = [word for word in grammar.slots.get(slot, "").split() if word not in words]
        words.append(draw.choice(choices) if choices else slot)
    commas = ["," * token.endswith(",") for token in template.split()]
    sentence = " ".join(word + comma for word, comma in zip(words, commas, strict=True))
    return f"{sentence[0].upper()}{sentence[1:]}."
