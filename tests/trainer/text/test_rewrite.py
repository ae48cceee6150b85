import pytest

from trainer.text.rewrite import abbreviation_rules, apply_rules, rule

PERCENT = [rule("%", "percent")]
MISTER = abbreviation_rules({r"mr\.": "mister"}, stops=False)
ETC = abbreviation_rules({r"etc\.": "et cetera"}, stops=True)


@pytest.mark.parametrize(
    ("rules", "written", "spoken"),
    [
        (PERCENT, "a%b", "a percent b"),
        (PERCENT, "%%", "percent  percent "),  # parted; runs of spaces are collapsed later
        (PERCENT, "(%), %.", "(percent), percent."),
        (MISTER, "mr. A", "mister A"),
        (MISTER, "the mr.", "the mister."),
        (MISTER, "farmr. a", "farmr. a"),
        (ETC, "etc. A", "et cetera. A"),
        (ETC, "etc. a", "et cetera a"),
        (ETC, "(etc.)", "(et cetera.)"),
    ],
)
def test_rules(rules, written, spoken):
    assert apply_rules(rules, written).rstrip() == spoken.rstrip()
