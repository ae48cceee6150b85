import pytest

from trainer.text import clean_text

NUMBERS = [
    ("0 and 7", "zero and seven"),
    ("1,234,567 men", "one million two hundred thirty-four thousand five hundred sixty-seven men"),
    ("3.14", "three point one four"),
    ("10,000.50", "ten thousand point five zero"),
    (".5", "point five"),
    ("1.2.3", "one point two point three"),
    ("-5 and −7", "minus five and minus seven"),
    ("agent 007", "agent zero zero seven"),
    ("1234567890123456",
     "one two three four five six seven eight nine zero one two three four five six"),
    ("1st, 22nd, 3RD and 1,000th", "first, twenty-second, third and one thousandth"),
    ("½ cup, 2 1/2 cups, 3/4", "one half cup, two and one half cups, three quarters"),
    ("B2B", "b two b"),
    ("pages 10–20", "pages ten to twenty"),
    ("1,2,3", "one, two, three"),
    ("2×3=6", "two times three equals six"),
    ("#1, № 5, ~9", "number one, number five, about nine"),
    ("1" * 16 + "th", "one " * 15 + "first"),
]  # fmt: skip
YEARS = [
    ("in 1999.", "in nineteen ninety-nine."),
    ("in 1905", "in nineteen oh five"),
    ("in 1900", "in nineteen hundred"),
    ("in 2000, 2005, 2010", "in two thousand, two thousand five, twenty ten"),
    ("1100 to 2099", "eleven hundred to twenty ninety-nine"),
    ("1066 and 2100", "one thousand sixty-six and two thousand one hundred"),
    ("1914-1918", "nineteen fourteen-nineteen eighteen"),
    ("the 1990s and the '80s, 6s", "the nineteen nineties and the eighties, sixes"),
    ("1,999", "one thousand nine hundred ninety-nine"),
]
DATES = [
    ("March 5, 1999", "march fifth, nineteen ninety-nine"),
    ("Jan. 1st", "january first"),
    ("5 March 2020", "the fifth of march twenty twenty"),
    ("the 4th of July", "the fourth of july"),
    ("1999-03-05", "march fifth nineteen ninety-nine"),
    ("march 5 miles", "march five miles"),
    ("at 10:30", "at ten thirty"),
    ("at 8:05 a.m. sharp", "at eight oh five a m sharp"),
    ("at 5 p.m. He left", "at five p m. he left"),
    ("at 10:00", "at ten o'clock"),
    ("at 10:00 PM", "at ten p m"),
]
MEASURES = [
    ("$5", "five dollars"),
    ("$1 and £1", "one dollar and one pound"),
    ("$5.50", "five dollars, fifty cents"),
    ("$0.01", "one cent"),
    ("£1.01", "one pound, one penny"),
    ("$1,500", "one thousand five hundred dollars"),
    ("$1500", "one thousand five hundred dollars"),
    ("$1.5 million", "one point five million dollars"),
    ("€2bn, $5m", "two billion euros, five million dollars"),
    ("20 € or 30₽", "twenty euros or thirty rubles"),
    ("$3.999", "three point nine nine nine dollars"),
    ("5%, 1 % and 5.5%", "five percent, one percent and five point five percent"),
    ("5% 6%", "five percent six percent"),
    ("20°C", "twenty degrees celsius"),
    ("1 km, 5km", "one kilometer, five kilometers"),
    ("6 ft. tall", "six feet tall"),
    ("He is 6 ft. She", "he is six feet. she"),
    ("5'10\" tall", "five feet ten tall"),
    ("60 km/h", "sixty kilometers per hour"),
]
ABBREVIATIONS = [
    ("Mr. and Mrs. Smith", "mister and missus smith"),
    ("dr. who", "doctor who"),
    ("St. Paul on Main St.", "saint paul on main street."),
    ("Main St. is long; st. louis", "main street is long; saint louis"),
    ("No. 5, p. 7", "number five, page seven"),
    ("He said no. 5 left", "he said no. five left"),
    ("Smith & Co. of London", "smith and company of london"),
    ("i.e. this, e.g. that", "that is this, for example that"),
    ("ink, etc. Then", "ink, et cetera. then"),
    ("ink, etc., and", "ink, et cetera, and"),
    ("the U.S.A. and", "the u s a and"),
    ("J. R. R. Tolkien", "j r r tolkien"),
    ("So did I. Then", "so did i. then"),
    ("Ph.D. vs. M.D.", "p h d versus m d."),
    ("She has a Ph.D. Now", "she has a p h d now"),
    ('the "U.S."', 'the "u s."'),
    ("Sept. was dry", "september was dry"),
]
TYPOGRAPHY = [
    ("“Quoted” and ‘so’", "\"quoted\" and 'so'"),
    ("wait…  now", "wait... now"),
    ("one—two – three", "one--two -- three"),
    ("well‑known", "well-known"),
    ("café, naïve, Ærø, straße", "cafe, naive, aero, strasse"),
    ("cafe\u0301", "cafe"),
    ("[sic] {so}", "(sic) (so)"),
    ("soft\u00adhyphen, zero\u200bwidth\u00a0space", "softhyphen, zerowidth space"),
    ("  a\tb\r\nc ", "a b c"),
    ("snake_case and/or", "snake case and or"),
    ("Привет 世界", "привет 世界"),
    ("HELLO", "hello"),
    ("don’t", "don't"),
    ("", ""),
]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [*NUMBERS, *YEARS, *DATES, *MEASURES, *ABBREVIATIONS, *TYPOGRAPHY],
)
def test_written_becomes_spoken(written, spoken):
    assert clean_text(written, "en") == spoken


def test_text_already_spoken_stays():
    spoken = 'the "forty-two line bible" -- of about fourteen fifty-five, (mind you); yes!'
    assert clean_text(spoken, "en") == spoken
