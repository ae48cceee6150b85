"""Texts cut into parts that a voice can speak."""

from hypothesis import given
from hypothesis import strategies as st

from trainer.synthesis import Part, Pause, split_text
from trainer.text import clean_text


def test_sentences_stay_as_they_are_written() -> None:
    parts = split_text("Mr. Smith paid $5. He left.\n\nThe end.", "en", 150)
    assert parts == [
        Part("Mr. Smith paid $5.", Pause.SENTENCE),
        Part("He left.", Pause.PARAGRAPH),
        Part("The end.", Pause.NONE),
    ]


def test_nothing_to_say() -> None:
    assert split_text(" \n ", "en", 150) == []


def test_a_long_sentence_is_cut_at_a_comma_near_its_middle() -> None:
    text = "Well, the happy teacher shines on the red queen, the old king waits for you and me."
    assert split_text(text, "en", 60) == [
        Part("well, the happy teacher shines on the red queen,", Pause.CLAUSE),
        Part("the old king waits for you and me.", Pause.NONE),
    ]


def test_a_stronger_mark_goes_before_a_nearer_one() -> None:
    text = "one two three four; five, six seven, eight nine ten, eleven twelve"
    assert [part.text for part in split_text(text, "en", 48)] == [
        "one two three four;",
        "five, six seven, eight nine ten, eleven twelve",
    ]


def test_without_commas_it_is_cut_before_a_conjunction_and_else_anywhere() -> None:
    english = "the happy teacher shines on the red queen and the old king waits for you"
    assert split_text(english, "en", 50)[1] == Part("and the old king waits for you", Pause.NONE)
    assert split_text(english, "en", 50)[0].pause is Pause.WORD
    russian = "Счастливый учитель смотрит на красную королеву и старый король ждёт тебя там"
    assert split_text(russian, "ru", 50)[1].text == "и старый король ждёт тебя там"
    words = " ".join(["word"] * 20)
    assert [len(part.text) for part in split_text(words, "en", 50)] == [49, 49]


def test_quoted_sentences_are_cut_only_where_the_whole_is_too_long() -> None:
    text = '"Stop there at once, please. Go away now," he said to the old man. Well.'
    assert len(split_text(text, "en", 150)) == 2
    assert [part.text for part in split_text(text, "en", 50)] == [
        '"stop there at once, please.',
        'go away now," he said to the old man.',
        "Well.",
    ]


def test_the_length_is_that_of_what_is_spoken() -> None:
    assert len(split_text("It was 123456789 or 987654321.", "en", 100)) > 1


def test_phonemes_are_not_torn_apart() -> None:
    text = "Say {HH AH0 L OW1 HH AH0 L OW1 HH AH0 L OW1}, {W ER1 L D W ER1 L D W ER1 L D}"
    assert [part.text for part in split_text(text, "en", 45)] == [
        "say {HH AH0 L OW1 HH AH0 L OW1 HH AH0 L OW1},",
        "{W ER1 L D W ER1 L D W ER1 L D}",
    ]


def test_one_word_too_long() -> None:
    assert [len(part.text) for part in split_text("a" * 95, "en", 40)] == [40, 40, 15]


@given(
    st.lists(
        st.sampled_from(
            ["queen", "and", "king,", "a", "Mr.", "shines.", '"Stop!"', "5.", "—", "3.14;", "(so)"]
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(30, 80),
)
def test_nothing_is_lost_and_nothing_too_long(words: list[str], limit: int) -> None:
    text = " ".join(words)
    parts = split_text(text, "en", limit)
    spoken = [clean_text(part.text, "en") for part in parts]
    assert all(0 < len(part) <= limit for part in spoken)
    letters = [c for c in "".join(spoken) if c.isalpha()]
    assert "".join(letters) == "".join(c for c in clean_text(text, "en") if c.isalpha())
    assert [part.pause for part in parts[:-1]].count(Pause.NONE) == 0
    assert parts[-1].pause is Pause.NONE
