"""Where sentences end."""

from typing import Literal

import pytest

from trainer.synthesis.sentences import paragraphs, sentences

# The sentences of each paragraph, parted by " | ".
ENGLISH = [
    "One here. | Two here! | Three here? | Four.",
    "Mr. Smith met Dr. J. R. R. Tolkien, Ph.D., at 5 p.m. on Jan. 3. | Then they left.",
    "He paid $3.50 for 2.5 kg. | It cost 1,000.75 before. | 3 men came.",
    "Chapter 4. | See No. 5 and fig. 3 on p. 7, vol. 2. | The end.",
    "The U.S. Army is here, e.g. in St. Paul. | So is Acme Inc. of London.",
    "Apples, pears etc. | Then he left.",
    '"Stop! Go!" he said. | "No. I will not," she said. | They left.',
    "He said “Stop. Go.” | Then he left… | And that was that.",
    "(He did. Twice.) | And again (so it is said. Once). | Well?",
    "Wait... what? | No... | Yes!",
    "It is. . . odd.",
    "all is low. | here too! | and so? | yes",
    "‘It’s Tom’s.’ | 'Tis true. | It's done.",
    '"A quote that never ends. | It goes on. | And on.',
    "A bracket) that never began. | It goes on.",
    "Hi. | {HH AH0 L OW1}, you. | Well.",
    "Yes.No. | Maybe 3.No.",
    "What?! | No way!!! | Really.",
    "- One. | - Two.",
]
RUSSIAN = [
    "Он пришёл. | Она ушла! | Кто это? | Никто.",
    "Он пришёл. | — Да, — сказал он. | — Нет!",
    "А. С. Пушкин жил на ул. Ленина, д. 5, кв. 3. | Там стр. 7.",
    "Яблоки, груши и т. д. и т. п. | Потом он ушёл, т. е. Мы остались.",
    "Это было в 1990 г. до того. | Число 3,14 и 2.5 тоже. | Стоит 5 руб. | Он ушёл.",
    "«Стой! Кто идёт?» — крикнул он. | «Да». | Он „так“ сказал. | Нет!",
    "Проф. Иванов и акад. Петров (см. рис. 3. Там всё) пришли. | И ушли.",
    "Это III в. до н. э. в Риме. | Да.",
]


@pytest.mark.parametrize("marked", ENGLISH)
def test_english(marked: str) -> None:
    assert sentences(marked.replace(" | ", " "), "en") == marked.split(" | ")


@pytest.mark.parametrize("marked", RUSSIAN)
def test_russian(marked: str) -> None:
    assert sentences(marked.replace(" | ", " "), "ru") == marked.split(" | ")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("text", ["", "   "])
def test_nothing(text: str, language: Literal["en", "ru"]) -> None:
    assert paragraphs(text) == []
    assert sentences(text, language) == []


def test_lines_are_paragraphs() -> None:
    assert paragraphs("\n One.\n\n Two \r\n \nThree\n") == ["One.", "Two", "Three"]
