"""The catalogues: complete, compiled as written, with the same fields in every language."""

import string
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import smart_tuner.bot
from dashboards import words as english
from smart_tuner.bot.language import DOMAIN, LOCALES, NAMES, language_of, words
from storage.bot_chats import BotChat

KEYWORDS = {"t": None, "plural": (1, 2), "N_": None}
TABLES = (english.REASONS, english.FLAGS, english.CAUSES, english.STUDY, english.DIRECTIONS,
          english.ADVICE)  # fmt: skip


@cache
def texts() -> frozenset[str | tuple[str, ...]]:
    """All that the bot may say: of its own code, and the words for codes that all readers share."""
    folder = str(smart_tuner.bot.__path__[0])
    found = extract_from_dir(folder, method_map=[("**.py", "python")], keywords=KEYWORDS)
    own = {message for _, _, message, _, _ in found}
    shared = {text for table in TABLES for text in table.values()}
    return frozenset(own | shared | {what for what, _ in english.CHECKS.values()})


def catalogue(language: str) -> Catalog:
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def _forms(text: str | Sequence[str]) -> str | tuple[str, ...]:
    """Catalogues read from one kind of file have lists where the others have tuples."""
    return text if isinstance(text, str) else tuple(text)


def _strings(messages: Iterable[Message]) -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    return {_forms(one.id): _forms(one.string) for one in messages if one.id}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", NAMES)
def test_every_text_is_there_and_no_other(language: str) -> None:
    assert set(_strings(messages(language))) == texts()


@pytest.mark.parametrize("language", NAMES)
def test_every_text_is_translated_with_its_fields(language: str) -> None:
    for message in messages(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = fields(ids[0])
        assert not message.fuzzy
        assert all(strings), message.id
        assert all(fields(one) == wanted for one in strings), message.id
        for one in strings:
            assert one.count("<") == ids[0].count("<") == one.count(">"), message.id


@pytest.mark.parametrize("language", NAMES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = read_mo(file)

    written = _strings(messages(language))
    remedy = "compile it: pybabel compile -d smart_tuner/bot/locales -D bot"
    assert _strings(compiled) == written, remedy
    assert compiled.plural_forms == catalogue(language).plural_forms


@pytest.mark.parametrize(
    ("n", "russian", "in_english"),
    [
        (1, "закончилось 1 испытание", "1 trial has ended"),
        (2, "закончилось 2 испытания", "2 trials have ended"),
        (5, "закончилось 5 испытаний", "5 trials have ended"),
        (11, "закончилось 11 испытаний", "11 trials have ended"),
        (21, "закончилось 21 испытание", "21 trials have ended"),
        (0, "закончилось 0 испытаний", "0 trials have ended"),
    ],
)
def test_plural_forms(n: int, russian: str, in_english: str) -> None:
    forms = ("{n} trial has ended", "{n} trials have ended", n)
    assert words("ru").plural(*forms) == russian
    assert words("en").plural(*forms) == in_english


@pytest.mark.parametrize(
    ("chosen", "client", "language"),
    [
        (None, "ru", "ru"),
        (None, "ru-RU", "ru"),
        (None, "de", "en"),
        (None, None, "en"),
        ("en", "ru", "en"),
        ("ru", "en", "ru"),
    ],
)
def test_what_was_chosen_goes_before_the_client(
    chosen: str | None, client: str | None, language: str
) -> None:
    assert language_of(BotChat(chat=1, language=chosen, client_language=client)) == language
