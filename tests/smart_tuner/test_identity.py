import json
from typing import Any

import pytest

from smart_tuner.config import StudyConfig
from smart_tuner.identity import Change, compare, identity_of
from trainer.exit_codes import BadInputError

PLAIN: dict[str, Any] = {"corpus": "speech", "trainer": {"preset": "demo"}}


def identity(
    corpus: str = "c" * 64, language: str = "en", warm_start: str | None = None, **sections: Any
) -> dict[str, Any]:
    """What a database gives back of a study's identity."""
    config = StudyConfig(**{**PLAIN, **sections})
    parts = identity_of(config, corpus, language, warm_start)
    stored: dict[str, Any] = json.loads(json.dumps(parts))
    return stored


def ignoring(layers: object) -> dict[str, Any]:
    """A warm start that leaves ``layers`` out."""
    return {"preset": "demo", "warm_start": "a.pt", "ignore_layers": layers}


def test_the_identity_names_what_a_study_is() -> None:
    known = identity()
    assert known["preset"] == "demo"
    assert (known["objective"], known["direction"]) == (["quality"], "maximize")
    assert set(known["space"]) == set(StudyConfig(**PLAIN).space)
    assert len(known["hash"]) == 64
    assert identity(study={"objective": "val_loss"})["direction"] == "minimize"
    several = identity(study={"objective": ["quality", "mcd"]})
    assert several["direction"] == ["maximize", "minimize"]


@pytest.mark.parametrize(
    "other",
    [
        {"corpus": "d" * 64},
        {"language": "ru"},
        {"study": {"objective": "mcd"}},
        {"trainer": {"preset": "tacotron2"}},
        {"trainer": {"preset": "demo", "steps": 20}},
        {"study": {"rescue": True}},
        {"warm_start": "e" * 64},
        {"trainer": ignoring("postnet")},
        {"trainer": {"preset": "demo", "hparams": {"batch_size": 8}}},
        {"space": {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}}},
    ],
)
def test_the_hash_is_over_all_of_it(other: dict[str, Any]) -> None:
    assert identity(**other)["hash"] != identity()["hash"]
    assert identity(**other)["hash"] == identity(**other)["hash"]


def test_trials_jobs_timeout_and_seed_are_no_part_of_it() -> None:
    study = {"trials": 99, "jobs": 7, "timeout": "3h", "seed": 5}
    assert identity(study=study) == identity()


def test_the_version_that_could_neither_rescue_nor_warm_start_did_not() -> None:
    old = identity()
    for what in ("rescue", "warm_start", "ignore_layers"):
        del old[what]
    assert compare("s", old, identity()) == []
    after = identity(study={"rescue": True}, warm_start="e" * 64)
    assert compare("s", old, after) == [
        Change("rescue", False, True),
        Change("warm_start", None, "e" * 64),
    ]


def test_where_the_checkpoint_lies_and_how_layers_are_listed_does_not_count() -> None:
    one = identity(warm_start="e" * 64, trainer=ignoring("postnet,decoder"))
    moved = ignoring(["decoder", "postnet"]) | {"warm_start": "elsewhere/b.pt"}
    assert identity(warm_start="e" * 64, trainer=moved) == one


def test_no_change_is_none() -> None:
    assert compare("s", identity(), identity()) == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"corpus": "d" * 64},
        "study 's' has another corpus (cccccccccccc…, now dddddddddddd…): "
        "start anew with --name, or go back to the old corpus",
    ),
    (
        {"trainer": {"preset": "tacotron2"}},
        "study 's' has another preset (demo, now tacotron2): "
        "start anew with --name, or go back to the old preset",
    ),
    (
        {"study": {"objective": ["val_loss", "mcd"]}},
        "study 's' has another objective (quality, now val_loss, mcd): "
        "start anew with --name, or go back to the old objective",
    ),
]


@pytest.mark.parametrize(("other", "line"), REFUSED, ids=["corpus", "preset", "objective"])
def test_another_corpus_preset_or_objective_is_refused(other: dict[str, Any], line: str) -> None:
    with pytest.raises(BadInputError) as raised:
        compare("s", identity(), identity(**other))
    assert str(raised.value) == line


def test_the_order_of_objectives_counts() -> None:
    """The first one decides which checkpoint is the best."""
    one = identity(study={"objective": ["quality", "mcd"]})
    with pytest.raises(BadInputError, match="another objective"):
        compare("s", one, identity(study={"objective": ["mcd", "quality"]}))


RATE = {"type": "float", "low": 1e-3, "high": 1e-2}
ACCEPTED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "space",
        {"space": {"learning_rate": RATE}},
        {"space": {"learning_rate": RATE | {"low": 0.002}}},
    ),
    (
        "space",
        {"space": {"learning_rate": RATE}},
        {"space": {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}}},
    ),
    (
        "hparams",
        {"trainer": {"preset": "demo", "hparams": {"batch_size": 8}}},
        {"trainer": {"preset": "demo", "hparams": {"batch_size": 16}}},
    ),
    (
        "steps",
        {"trainer": {"preset": "demo", "steps": 500}},
        {"trainer": {"preset": "demo", "steps": 600}},
    ),
    ("rescue", {"study": {"rescue": True}}, {"study": {"rescue": False}}),
    ("warm_start", {"warm_start": "e" * 64}, {"warm_start": "f" * 64}),
    ("warm_start", {"warm_start": "e" * 64}, {}),
    ("ignore_layers", {"trainer": ignoring([])}, {"trainer": ignoring(["postnet"])}),
]


@pytest.mark.parametrize(("what", "one", "other"), ACCEPTED)
def test_what_may_change_is_named(what: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = identity(**one), identity(**other)
    assert compare("s", before, after) == [Change(what, before[what], after[what])]


@pytest.mark.parametrize(
    "clash",
    [
        {"learning_rate": RATE | {"log": True}},
        {"learning_rate": {"type": "categorical", "choices": [1e-3, 1e-2]}},
    ],
    ids=["log", "type"],
)
def test_a_space_that_optuna_cannot_follow_is_refused(clash: dict[str, Any]) -> None:
    with pytest.raises(BadInputError) as raised:
        compare("s", identity(space={"learning_rate": RATE}), identity(space=clash))
    assert str(raised.value) == (
        "study 's': space.learning_rate has another type, log or choices than before, which one "
        "study can't mix: start anew with --name, or go back to the old ones"
    )
