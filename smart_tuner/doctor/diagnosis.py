"""From what was seen of a study to what is wrong with it: a pure function."""

from itertools import chain

from smart_tuner.doctor.agreement import disagreements
from smart_tuner.doctor.findings import Finding
from smart_tuner.doctor.ownership import strays
from smart_tuner.doctor.reading import Reading
from smart_tuner.doctor.remains import remains


def findings(reading: Reading) -> list[Finding]:
    """What is wrong, or worth knowing: the study's first, then its trials', by number.

    In the order in which it is to be mended: what a trial's trainer still does comes before what
    is told of the trial.
    """
    found = chain(strays(reading), disagreements(reading), remains(reading))
    return sorted(found, key=lambda one: -1 if one.number is None else one.number)
