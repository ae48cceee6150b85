"""What a study may change between two starts, and what it may not."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.exit_codes import TunerExit
from storage.records import StudyState
from storage.status import read
from storage.studies import Studies
from trainer.exit_codes import BadInputError

Workshop = Any
RATE = {"type": "float", "low": 1e-3, "high": 1e-2, "log": True}
ONE: dict[str, Any] = {"study": {"trials": 1}, "space": {"learning_rate": RATE}}
TWO: dict[str, Any] = {"study": {"trials": 2}, "space": {"learning_rate": RATE}}


@pytest.fixture
def begun(workshop: Workshop) -> Workshop:
    """A study with one trial, to go on with."""
    assert workshop.run(**ONE).code is TunerExit.FINISHED
    return workshop


def another_corpus(workshop: Workshop) -> str:
    """The same corpus with one recording less."""
    folder = workshop.folder / "other"
    shutil.copytree(workshop.folder / "speech", folder)
    rows = (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()
    (folder / "metadata.csv").write_text("\n".join(rows[1:]), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize("what", ["corpus", "preset", "objective"])
def test_another_corpus_preset_or_objective_is_refused(what: str, begun: Workshop) -> None:
    changes = {
        "corpus": {"corpus": another_corpus(begun)},
        "preset": {"trainer": {"preset": "tacotron2"}},
        "objective": {"study": {"trials": 2, "objective": "val_loss"}},
    }
    before = (begun.trials(), begun.optuna_trials())
    with pytest.raises(BadInputError, match=f"^study 'speech' has another {what} ") as raised:
        begun.run(**{**TWO, **changes[what]})
    assert "\n" not in str(raised.value)
    assert "--name" in str(raised.value)
    assert (begun.trials(), begun.optuna_trials()) == before
    with begun.database() as database:
        assert read(database, "speech").state is StudyState.FINISHED
    assert begun.run(**TWO).code is TunerExit.FINISHED


def test_the_same_corpus_elsewhere_is_the_same(begun: Workshop) -> None:
    moved = begun.folder / "moved"
    (begun.folder / "speech").rename(moved)
    assert begun.run(**TWO, corpus=str(moved)).code is TunerExit.FINISHED
    assert len(begun.trials()) == 2


CHANGES: dict[str, dict[str, Any]] = {
    "space": {"space": {"learning_rate": RATE | {"low": 5e-3}}},
    "hparams": {"trainer": {"hparams": {"batch_size": 5}}},
    "steps": {"trainer": {"steps": 9}},
    "warm_start": {"trainer": {"warm_start": "speech/metadata.csv"}},  # the stub reads none
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_may_change_is_accepted_and_logged(what: str, begun: Workshop) -> None:
    ran = begun.run(**{**TWO, **CHANGES[what]})
    assert ran.code is TunerExit.FINISHED
    assert f"study 'speech': {what} changed since its last start" in ran.out
    (event,) = begun.kept(*(f"{kind}_changed" for kind in CHANGES))
    assert event.kind == f"{what}_changed"
    assert event.payload["before"] != event.payload["after"]
    with begun.database() as database:
        study = Studies(database).get("speech")
    assert study is not None
    assert study.identity[what] == event.payload["after"]
    new = begun.said(1)[1]
    match what:
        case "space":
            assert begun.trials()[1].params["learning_rate"] >= 5e-3
        case "hparams":
            assert new.hparams["batch_size"] == 5
        case "steps":
            assert new.steps == 9
    assert "changed since" not in begun.run(**{**TWO, **CHANGES[what]}).out


def test_a_space_that_optuna_cannot_mix_is_refused(begun: Workshop) -> None:
    other = {"learning_rate": RATE | {"log": False}}
    with pytest.raises(BadInputError, match=r"space\.learning_rate has another type, log"):
        begun.run(**{**TWO, "space": other})
    assert begun.run(**TWO).code is TunerExit.FINISHED


def test_a_parameter_may_come_and_another_go(begun: Workshop) -> None:
    other = {"guide_g": {"type": "float", "low": 0.2, "high": 0.4}}
    assert begun.run(**{**TWO, "space": other}).code is TunerExit.FINISHED
    assert [set(trial.params) for trial in begun.trials()] == [{"learning_rate"}, {"guide_g"}]


def test_fewer_trials_than_there_are_is_done(begun: Workshop) -> None:
    begun.run(**TWO)
    assert "is done" in begun.run(**ONE).out
    assert len(begun.trials()) == 2


def test_run_directories_of_another_database_are_set_aside(begun: Workshop) -> None:
    """Else trial 0 would go on from a checkpoint that has other hyperparameters."""
    kept = begun.paths(0).last_checkpoint.read_bytes()
    (begun.folder / "smart_tuner.db").rename(begun.folder / "elsewhere.db")
    ran = begun.run(**ONE | {"study": {"trials": 1, "seed": 9}})
    assert ran.code is TunerExit.FINISHED
    aside = Path("runs") / "speech.old1"
    line = f"runs/speech held another study's trials: they are now in {aside}"
    assert line in ran.out
    assert (begun.folder / aside / "0" / "checkpoints" / "last.pt").read_bytes() == kept
    (started,) = [event for event in begun.said(0) if event.name == "started"]
    assert (started.resumed, started.hparams["seed"]) == (False, 9)
    (begun.folder / "smart_tuner.db").unlink()
    assert "now in runs/speech.old2" in begun.run(**ONE).out


def test_run_directories_in_use_are_let_alone(slow_workshop: Workshop, wait_until: Any) -> None:
    long = {"study": {"trials": 1}, "trainer": {"steps": 90, "evaluate_every": 30}}
    controller = slow_workshop.start(**long)
    wait_until(lambda: slow_workshop.evaluated(0))
    with pytest.raises(BadInputError, match="another study of this name, kept in another database"):
        slow_workshop.run(**long, storage={"url": "sqlite:///other.db"})
    assert controller.wait(timeout=60) == TunerExit.FINISHED
    assert slow_workshop.trials()[0].step == 90
