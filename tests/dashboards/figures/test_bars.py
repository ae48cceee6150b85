from typing import Any

from dashboards.figures import study_figures
from dashboards.importance import FEWEST
from storage.records import TrialRole, TrialState


def test_savings_by_reason_with_probes_apart(lab: Any) -> None:
    lab.study()
    lab.trial(0, value=0.9)
    lab.trial(1, state=TrialState.PRUNED, reason="statistical", step=200)
    lab.trial(2, state=TrialState.PRUNED, reason="never_aligned", step=100)
    lab.trial(3, state=TrialState.PRUNED, reason="never_aligned", step=0, role=TrialRole.PROBE)
    figure = study_figures(lab.database, "demo")["savings"]
    trials, probes = figure.data
    assert (trials.name, trials.y, trials.x) == (
        "trials",
        ("never_aligned", "statistical"),
        (400, 300),
    )
    assert (probes.name, probes.y, probes.x) == ("probes", ("never_aligned",), (500,))
    assert probes.text == ("2 min, 1 probe",)
    note = "1,200 steps, about 6 min of trainers; of these 500 steps by probes"
    assert figure.layout.meta["note"] == note


def test_importance_of_what_was_searched(lab: Any) -> None:
    lab.study()
    for number in range(FEWEST):
        value = number / FEWEST
        params = {"learning_rate": 10 ** (value - 2), "attention_dim": 8, "optimizer": "adam"}
        lab.trial(number, value=value, params=params)
    figure = study_figures(lab.database, "demo")["importance"]
    [bars] = figure.data
    assert bars.y[0] == "learning_rate"
    assert bars.x[0] > 0.5
    assert figure.layout.meta["note"] == "8 complete trials: a hint, reliable from about 50 on"


def test_importance_says_why_it_can_say_nothing(lab: Any) -> None:
    lab.study()
    for number in range(FEWEST - 1):
        lab.trial(number, value=0.5, params={"attention_dim": number + 1})
    meta = study_figures(lab.database, "demo")["importance"].layout.meta
    assert meta["note"] == "Importance takes at least 8 complete trials; there are 7."
    lab.trial(7, value=0.5, params={"attention_dim": 8})
    meta = study_figures(lab.database, "demo")["importance"].layout.meta
    assert meta["note"] == "All complete trials are equally good: nothing to explain."


def test_importance_for_every_objective(lab: Any) -> None:
    space = {name: {"type": "float", "low": 0.0, "high": 1.0} for name in ("a", "b")}
    two = {"objective": ["quality", "mcd"], "direction": ["maximize", "minimize"]}
    lab.study(identity={**two, "space": space})
    for number in range(20):
        a, b = number / 20, (number * 7 % 20) / 20
        lab.trial(number, value=a, values=(a, b), params={"a": a, "b": b})
    quality, mcd = study_figures(lab.database, "demo")["importance"].data
    assert (quality.name, quality.y[0], mcd.name, mcd.y[0]) == ("quality", "a", "mcd", "b")
