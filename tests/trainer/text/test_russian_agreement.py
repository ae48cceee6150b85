import pytest

from trainer.text.russian_agreement import Noun, agreement, plural_kind

RUBLE = Noun("рубль", "рубля", "рублей")


@pytest.mark.parametrize(
    ("digits", "kind"),
    [("0", "many"), ("1", "one"), ("2", "few"), ("4", "few"), ("5", "many"), ("11", "many"),
     ("12", "many"), ("21", "one"), ("111", "many"), ("1001", "one"), ("114", "many")],
)  # fmt: skip
def test_plural_kind(digits, kind):
    assert plural_kind(digits) == kind


@pytest.mark.parametrize(
    ("digits", "case", "form"),
    [("1", "n", "рубль"), ("22", "n", "рубля"), ("11", "n", "рублей"), ("1", "g", "рубля"),
     ("2", "g", "рублей"), ("5", "g", "рублей")],
)  # fmt: skip
def test_noun_after_a_number(digits, case, form):
    assert RUBLE.after(digits, case) == form


@pytest.mark.parametrize(
    ("digits", "preposition", "following", "expected"),
    [
        ("5", "", "", ("n", "m")),
        ("2", "", "сестры", ("n", "f")),
        ("12", "", "сестры", ("n", "m")),
        ("1", "", "окно", ("n", "n")),
        ("1", "", "книгу", ("a", "f")),
        ("1", "до", "недели", ("g", "f")),
        ("1", "к", "книге", ("d", "f")),
        ("21", "над", "книгой", ("i", "f")),
        ("5", "к", "", ("d", "m")),
        ("7", "", "странами", ("i", "m")),
        ("3", "в", "городах", ("p", "m")),
        ("3", "", "часов", ("g", "m")),
        ("5", "", "часов", ("n", "m")),
    ],
)
def test_agreement(digits, preposition, following, expected):
    assert agreement(digits, preposition, following) == expected
