"""Studies whose trials begin with the weights of another run."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

from smart_tuner.exit_codes import TunerExit
from smart_tuner.warm_start import warm_start_fingerprint
from storage.records import StudyState, TrialState
from storage.status import read
from storage.studies import Studies
from trainer import events
from trainer.exit_codes import BadInputError

Workshop = Any
SOURCE = Path("runs/source/0/checkpoints/best.pt")
STILL = {"learning_rate": 1e-9}
"""So little that what a trial ends with is what it began with."""


def weights(path: Path) -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["state_dict"]
    return loaded


def test_the_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    file.write_bytes(b"weights")
    assert warm_start_fingerprint(file) == hashlib.sha256(b"weights").hexdigest()
    assert warm_start_fingerprint(None) is None


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"^trainer\.warm_start=.*nowhere\.pt: No such file"):
        warm_start_fingerprint(tmp_path / "nowhere.pt")
    with pytest.raises(BadInputError, match="Is a directory; name a checkpoint"):
        warm_start_fingerprint(tmp_path)


@pytest.mark.slow
def test_trials_begin_with_the_checkpoints_weights(real_workshop: Workshop) -> None:
    workshop = real_workshop
    assert workshop.run(study={"name": "source", "trials": 1}).code is TunerExit.FINISHED
    trainer = {"warm_start": str(SOURCE), "ignore_layers": ["postnet"], "hparams": STILL}
    ran = workshop.run(study={"trials": 2}, trainer=trainer)
    assert ran.code is TunerExit.FINISHED
    source = weights(workshop.folder / SOURCE)
    for trial in workshop.trials():
        assert trial.state is TrialState.COMPLETE
        ended = weights(Path(trial.checkpoint))
        embedding, postnet = "embedding.weight", "postnet.convolutions.0.0.conv.weight"
        torch.testing.assert_close(ended[embedding], source[embedding], atol=1e-7, rtol=0)
        assert not torch.allclose(ended[postnet], source[postnet], atol=1e-3)
        said = [e.message for e in workshop.said(trial.number) if isinstance(e, events.Warned)]
        assert any(line.startswith("warm start leaves out postnet: ") for line in said)
    with workshop.database() as database:
        study = Studies(database).get("speech")
    assert study is not None
    assert study.identity["warm_start"] == warm_start_fingerprint(workshop.folder / SOURCE)
    assert study.identity["ignore_layers"] == ["postnet"]


def damaged(workshop: Workshop) -> dict[str, Any]:
    (workshop.folder / "damaged.pt").write_bytes(b"no checkpoint")
    return {"warm_start": "damaged.pt"}


def unlike(workshop: Workshop) -> dict[str, Any]:
    torch.save({"state_dict": {"embedding.weight": torch.zeros(3)}}, workshop.folder / "other.pt")
    return {"warm_start": "other.pt"}


def nothings_name(workshop: Workshop) -> dict[str, Any]:
    return unlike(workshop) | {"ignore_layers": "potsnet"}


UNUSABLE = [
    (damaged, r"^checkpoint damaged\.pt can't be read: it is damaged, or no checkpoint"),
    (unlike, r"^checkpoint other\.pt lacks "),
    (nothings_name, r"^--ignore-layers: 'potsnet' is no tensor"),
]


@pytest.mark.parametrize(("make", "line"), UNUSABLE, ids=[make.__name__ for make, _ in UNUSABLE])
def test_one_that_the_trainer_cannot_use_stops_the_study(
    make: Any, line: str, real_workshop: Workshop
) -> None:
    with pytest.raises(BadInputError, match=line) as raised:
        real_workshop.run(trainer=make(real_workshop))
    assert "\n" not in str(raised.value)
    assert real_workshop.trials() == []
    with real_workshop.database() as database:
        assert read(database, "speech").state is StudyState.STOPPED
