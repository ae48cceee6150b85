"""Phonemes by espeak-ng: the table, punctuation, stress, one process for many texts."""

import importlib.util
import itertools
import random
import subprocess
import unicodedata

import pytest

from trainer.corpus.demo_sentences import demo_sentences
from trainer.exit_codes import BadInputError
from trainer.text import (
    readings,
    symbol_table,
    text_to_sequence,
    texts_to_sequences,
    unknown_symbols,
)
from trainer.text.phoneme_client import spoken_ipa
from trainer.text.phoneme_stress import acute_stress, restressed
from trainer.text.phonemes import phonemize

TABLE = symbol_table("phonemes")
ALPHABETS = {"en": "abcdefghijklmnopqrstuvwxyz", "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"}

needs_espeak = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None, reason="espeakng_loader is not installed"
)


def reading(text, language):
    return readings([text], language, TABLE)[0]


@pytest.fixture
def processes(monkeypatch):
    """Counts the processes that are started, from an empty memory on."""
    spoken_ipa.cache_clear()
    started = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: started.append(a) or run(*a, **k))
    return started


def test_the_table():
    assert TABLE.symbols[:13] == ("_", "~", " ", "—", '"', "(", ")", ",", ".", ":", ";", "!", "?")
    assert TABLE.symbols[13:16] == ("ˈ", "ˌ", "ː")
    assert len(TABLE) == len(set(TABLE.symbols)) == 71
    assert (TABLE.pad_id, TABLE.eos_id, TABLE.in_phonemes) == (0, 1, True)
    for symbol in TABLE.symbols:
        assert len(symbol) == 1
        assert unicodedata.normalize("NFC", symbol) == symbol


def test_only_this_table_reads_sounds():
    assert not any(symbol_table(name).in_phonemes for name in ("nvidia", "en", "ru", "auto"))


@needs_espeak
@pytest.mark.parametrize(
    ("written", "language", "spoken"),
    [
        ("The happy teacher shines, boy.", "en", "ðə hˈæpi tˈiːtʃɚ ʃˈaɪnz, bˈɔɪ."),
        ("Hello there! Are you OK?", "en", "həlˈoʊ ðˈɛɹ! ɑːɹ juː ˌoʊkˈeɪ?"),
        ("Dr. No has 2 dogs…", "en", "dˈɑːktɚ nˈoʊ hɐz tˈuː dˈɑːɡz..."),
        ('A "life" (really): no; yes', "en", 'ˈeɪ "lˈaɪf" (ɹˈiəli): nˈoʊ; jˈɛs'),
        ("The apple, the pear", "en", "ðɪ ˈæpəl, ðə pˈɛɹ"),
        ("so--or -- no - yes", "en", "sˈoʊ — ɔːɹ — nˈoʊ — jˈɛs"),
        ("'Tis the dogs' twenty-one", "en", "tˈɪz ðə dˈɑːɡz twˈɛntiwˌʌn"),
        ("Всё хорошо? Дома — дом; да!", "ru", "fsʲˈɵ xʌrʌʃˈo? dˈoma — dˈom; dˈɑ!"),
        ("Кто-то купил 5 книг.", "ru", "ktˈotʌ kupʲˈiɭ pʲˈɑtʲ knʲˈik."),
        ("Windows и мир", "ru", "wˈɪndəʊz ɪ mʲˈir"),
        ("", "en", ""),
        (" ' ", "en", ""),
        ("?!", "ru", "?!"),
    ],
)
def test_readings(written, language, spoken):
    assert reading(written, language) == spoken


@needs_espeak
@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("з+амок", "zˈɑmʌk"),
        ("за\u0301мок", "zˈɑmʌk"),
        ("зам+ок", "zamˈok"),
        ("замок", "zamˈok"),  # without a mark, espeak-ng's choice
        ("вод+ы, в+оды", "vʌdˈy, vˈody"),
        ("мук+а и м+ука", "mukˈɑ ɪ mˈuka"),
        ("белк+и", "bʲiɭkʲˈi"),
        ("ж+ены", "ʒˈɛny"),
        ("трёхэт+ажный", "trʲɵxɛtˈɑʒnyj"),
        ("кто\u0301-то", "ktˈotʌ"),
        ("б+ыл", "bˈyɭ"),
        ("ст+арый з+амок сто+ит", "stˈɑryj zˈɑmʌk stʌˈit"),
        ("два + два", "dvˈɑ pɭʲˈʉs dvˈɑ"),
    ],
)
def test_russian_stress_is_where_it_is_marked(written, spoken):
    assert reading(written, "ru") == spoken


@needs_espeak
def test_marking_the_stress_that_is_there_changes_nothing():
    marked = ["дорога дор+ога", "хорошо хорош+о", "вода вод+а", "город г+ород", "жена жен+а"]
    for spoken in readings(marked, "ru", TABLE):
        assert len(set(spoken.split())) == 1


@pytest.mark.parametrize(
    ("word", "phonemes", "expected"),
    [
        ("за\u0301мок", "z|a|m|'o|k", "z|'A|m|V#|k"),
        ("во\u0301да", "v|V|d|'A", "v|'o|d|V#"),
        ("рябь\u0301", "r|;|'A|p;", None),  # on no vowel
        ("вода\u0301", "v|V|d|'A", None),  # it is there
        ("во\u0301да\u0301", "v|V|d|'A", None),  # twice
        ("за\u0301мок", "z|a|m|k", None),  # a vowel is missing
        ("тро\u0301гать", "t|@-|r|V|g|'A|t;", "t|@-|r|'o|g|V#|t;"),
        ("жена\u0301", "Z|'E|n|a#", "Z|y|n|'A"),
        ("цены\u0301", "ts|'E|n|y", "ts|y|n|'y"),
        ("моя\u0301", "m|'o|ja", "m|V#|'ja"),
        ("может\u0301е", "m|,o|Z|y|t;|i", None),
    ],
)
def test_restressed(word, phonemes, expected):
    assert restressed(word, phonemes) == expected


def test_one_kind_of_stress_mark():
    assert acute_stress("з+амок +и замо\u0301к +") == "за\u0301мок и\u0301 замо\u0301к "


@needs_espeak
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_table_knows_whatever_espeak_writes(language):
    letters = ALPHABETS[language]
    words = ["".join(w) for n in (1, 2, 3) for w in itertools.product(letters, repeat=n)]
    texts = [" ".join(words[i : i + 20]) for i in range(0, len(words), 20)]
    assert not unknown_symbols([*texts, *demo_sentences(language, 500)], language, TABLE)


@needs_espeak
def test_what_is_not_spoken_is_reported():
    texts = ["Hello 中文, мир ~", "on {HH AW1} street"]
    assert unknown_symbols(texts, "en", TABLE) == {
        "中": 1, "文": 1, "м": 1, "и": 1, "р": 1, "~": 1, "@HH": 1, "@AW1": 1,
    }  # fmt: skip
    spoken = text_to_sequence("Hello 中", "en", TABLE)
    assert "".join(TABLE.symbols[n] for n in spoken) == "həlˈoʊ "


@needs_espeak
def test_a_corpus_takes_one_process(processes):
    texts = list(demo_sentences("en", 200))
    sequences = texts_to_sequences(texts, "en", TABLE, append_eos=True)
    assert len(sequences) == 200
    assert all(sequence[-1] == TABLE.eos_id for sequence in sequences)
    unknown_symbols(texts, "en", TABLE)
    assert texts_to_sequences(texts, "en", TABLE, append_eos=True) == sequences
    assert len(processes) == 1


@needs_espeak
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_text_sounds_the_same_in_any_company(language, processes):
    texts = list(demo_sentences(language, 200))
    one = dict(zip(texts, texts_to_sequences(texts, language, TABLE), strict=True))
    random.Random(4).shuffle(texts)
    other = dict(zip(texts, texts_to_sequences(texts, language, TABLE), strict=True))
    assert one == other
    assert len(processes) == 2
    assert text_to_sequence(texts[0], language, TABLE) == one[texts[0]]


def test_no_text_needs_no_process(processes):
    assert texts_to_sequences(["...", ""], "en", TABLE) == [TABLE.encode("..."), []]
    assert not processes


def test_other_tables_need_no_process(processes):
    table = symbol_table("ru")
    assert texts_to_sequences(["З+амок 5"], "ru", table) == [table.encode("з+амок пять")]
    assert not processes


def test_without_espeak(monkeypatch):
    spoken_ipa.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInputError, match=r"symbols=phonemes needs pip install 'smart-tuner\[p"):
        phonemize(["hello"], "en")


@needs_espeak
def test_a_failing_espeak_says_why(monkeypatch):
    spoken_ipa.cache_clear()
    monkeypatch.setattr("trainer.text.phoneme_client._VOICES", {"en": "no-such-voice"})
    with pytest.raises(RuntimeError, match=r"espeak-ng: SetVoiceByName\('no-such-voice'\)"):
        phonemize(["hello"], "en")
