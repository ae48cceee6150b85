import dataclasses

import pytest

from trainer.exit_codes import BadInputError
from trainer.text import symbol_table

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"


def test_nvidia_table_is_the_published_one():
    symbols = symbol_table("nvidia").symbols
    assert len(symbols) == 148
    assert "".join(symbols[:12]) == "_-!'(),.:;? "
    assert "".join(symbols[12:64]) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert symbols[64:70] == ("@AA", "@AA0", "@AA1", "@AA2", "@AE", "@AE0")
    # the numbers that public checkpoints were trained with
    assert [symbols.index(s) for s in ("@B", "@ER2", "@HH", "@NG", "@UW2", "@ZH")] == [
        88, 99, 106, 120, 142, 147,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["nvidia", "en", "ru"])
def test_no_symbol_occurs_twice(name):
    table = symbol_table(name)
    assert len(set(table.symbols)) == len(table)
    assert table.symbols[table.pad_id] == "_"


@pytest.mark.parametrize(
    ("name", "length", "eos"), [("nvidia", 148, None), ("en", 40, 1), ("ru", 50, 1)]
)
def test_length_and_end_of_sentence(name, length, eos):
    assert (len(symbol_table(name)), symbol_table(name).eos_id) == (length, eos)


def test_auto_without_a_corpus_is_nvidia():
    assert symbol_table("auto") == symbol_table("nvidia")


def test_unknown_table_names_the_known_ones():
    with pytest.raises(BadInputError, match=r"'fr'; known are nvidia, en, ru, phonemes, auto"):
        symbol_table("fr")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nvidia", "Hello, (you) - it's me: now; or? never!"),
        ("en", 'it\'s "me" - (you), now: or; never? yes!'),
        ("ru", f"{RUSSIAN} — з+амок, замо\u0301к!"),
    ],
)
def test_encode_gives_one_number_a_character(name, text):
    table = symbol_table(name)
    assert "".join(table.symbols[number] for number in table.encode(text)) == text
    assert not table.unknown(text)


def test_arpabet_in_braces():
    table = symbol_table("nvidia")
    numbers = table.encode("on {HH AW1 S} st")
    assert [table.symbols[n] for n in numbers] == [
        "o", "n", " ", "@HH", "@AW1", "@S", " ", "s", "t",
    ]  # fmt: skip
    assert table.unknown("{HH AW1} {HH ÄH}") == {"{": 1, "}": 1, "Ä": 1}


def test_table_without_phonemes_reports_them_whole():
    assert symbol_table("en").unknown("a {HH AW1 HH}") == {"@HH": 2, "@AW1": 1}


def test_unknown_symbols_are_left_out_and_counted():
    table = symbol_table("en")
    assert table.encode("a中b中") == table.encode("ab")
    assert table.unknown("a中b中ж") == {"中": 2, "ж": 1}


def test_padding_and_end_of_sentence_cannot_be_written():
    table = symbol_table("en")
    assert table.encode("a_~") == table.encode("a")
    assert table.unknown("a_~") == {"_": 1, "~": 1}


def test_end_of_sentence_is_appended():
    table = symbol_table("ru")
    assert table.encode("да", append_eos=True) == [*table.encode("да"), table.eos_id]


def test_nvidia_has_no_end_of_sentence():
    with pytest.raises(BadInputError, match="'nvidia' has no end-of-sentence symbol; choose"):
        symbol_table("nvidia").encode("yes", append_eos=True)


def test_tables_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        symbol_table("en").name = "other"
