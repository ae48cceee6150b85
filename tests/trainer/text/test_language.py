import pytest

from trainer.text import default_symbols, detect_language, symbol_table


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["Hello there", "good morning"], "en"),
        (["Привет", "Как дела?"], "ru"),
        (["Он купил iPhone и MacBook в этом магазине"], "ru"),
        (["The word мир means both peace and world"], "en"),
        (["Ещё", "OK", "нет"], "ru"),
        (["1999", "..."], "en"),
        ([], "en"),
    ],
)
def test_the_script_tells_the_language(texts, language):
    assert detect_language(iter(texts)) == language


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_language_has_its_table(language):
    assert symbol_table(default_symbols(language)).name == language
