"""English abbreviations in full."""

import re

from trainer.text.rewrite import Rule, abbreviation_rules, ends_text, full_stop, rule

# After these a name follows, so a capital letter starts no sentence.
_TITLES = {
    r"mrs\.": "missus", r"mr\.": "mister", r"ms\.": "miz", r"drs\.": "doctors", r"dr\.": "doctor",
    r"prof\.": "professor", r"rev\.": "reverend", r"hon\.": "honorable", r"gov\.": "governor",
    r"sen\.": "senator", r"rep\.": "representative", r"gen\.": "general", r"maj\.": "major",
    r"col\.": "colonel", r"capt\.": "captain", r"lt\.": "lieutenant", r"sgt\.": "sergeant",
    r"mt\.": "mount", r"ft\.": "fort", r"approx\.": "approximately", r"vs\.": "versus",
    r"i\. ?e\.": "that is", r"e\. ?g\.": "for example", r"jan\.": "January",
    r"feb\.": "February", r"aug\.": "August", r"sept?\.": "September", r"oct\.": "October",
    r"nov\.": "November", r"dec\.": "December",
}  # fmt: skip
_ENDINGS = {
    r"jr\.": "junior", r"sr\.": "senior", r"esq\.": "esquire", r"co\.": "company",
    r"corp\.": "corporation", r"inc\.": "incorporated", r"ltd\.": "limited",
    r"ave\.": "avenue", r"blvd\.": "boulevard", r"rd\.": "road", r"dept\.": "department",
    r"ph\. ?d\.": "p h d",
}  # fmt: skip
_STOPS = {r"etc\.": "et cetera", r"et al\.": "et al"}
_BEFORE_NUMBERS = {
    r"(?-i:No)\.": "number", r"nos\.": "numbers", r"vol\.": "volume", r"fig\.": "figure",
    r"ch\.": "chapter", r"p\.": "page", r"pp\.": "pages",
}  # fmt: skip
_AMBIGUOUS_MONTHS = {r"mar\.": "March", r"apr\.": "April", r"jun\.": "June", r"jul\.": "July"}


def _saint_or_street(match: re.Match[str]) -> str:
    """A saint before a name ("St. Paul", and in lower case "st. paul"), else a street."""
    following = match.string[match.end() : match.end() + 2].strip()
    if following.isalpha() and (following.isupper() or match[0][0] == "s"):
        return "saint"
    return "street" if following or match.end() < len(match.string) else "street."


def _half_of_day(match: re.Match[str]) -> str:
    return f" {match[1].lower()} m{full_stop(match)}"


ABBREVIATION_RULES: tuple[Rule, ...] = (
    rule(r"(?<=[0-9]) ?([AaPp])(?:\.[Mm]\.|[Mm]\b\.?)", _half_of_day),
    *abbreviation_rules(_BEFORE_NUMBERS, after=r" ?(?=[0-9])", stops=False, flags=re.IGNORECASE),
    *abbreviation_rules(_AMBIGUOUS_MONTHS, after=r"(?= [0-9])", stops=False, flags=re.IGNORECASE),
    *abbreviation_rules(_TITLES, stops=False, flags=re.IGNORECASE),
    *abbreviation_rules(_ENDINGS, stops=False, flags=re.IGNORECASE),
    *abbreviation_rules(_STOPS, stops=True, flags=re.IGNORECASE),
    rule(r"(?<![\w.])[Ss]t\.", _saint_or_street),
    # U.S.A. is spelled; J. R. Smith has no pauses.
    rule(
        r"(?<![\w.])(?:[A-Za-z]\.){2,}(?!\w)",
        lambda m: " ".join(m[0].split(".")).strip() + ("." if ends_text(m) else ""),
    ),
    rule(r"(?<![\w.'])([A-HJ-Z])\.(?= ?[A-Z])", r"\1"),
)
"""Abbreviations; those of months come out as months, whose days the dates speak."""
