import pytest

from trainer.text import symbol_name, symbol_table, unknown_symbols


def test_counts_over_all_texts_after_cleaning():
    texts = ["Hello 中 5 €", "中文 € «fine»", "all known"]
    assert unknown_symbols(texts, "en", symbol_table("en")) == {"中": 2, "文": 1, "€": 1}


def test_russian_reports_latin_letters():
    assert unknown_symbols(["Windows и мир"], "ru", symbol_table("ru")) == {
        "w": 2, "i": 1, "n": 1, "d": 1, "o": 1, "s": 1,
    }  # fmt: skip


def test_corpus_without_unknown_symbols():
    assert not unknown_symbols(["Всё — хорошо!"], "ru", symbol_table("ru"))


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("中", "U+4E2D 'CJK UNIFIED IDEOGRAPH-4E2D'"),
        ('"', "U+0022 'QUOTATION MARK'"),
        ("\u0301", "U+0301 'COMBINING ACUTE ACCENT'"),
        ("\U0001f642", "U+1F642 'SLIGHTLY SMILING FACE'"),
        ("\ue000", "U+E000 (a character without a name)"),
        ("@HH", "ARPAbet 'HH'"),
    ],
)
def test_a_symbol_has_a_name(symbol, name):
    assert symbol_name(symbol) == name
