import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from smart_tuner.config import StudyConfig
from smart_tuner.corpora import StudyCorpus
from smart_tuner.launch.launcher import Launcher
from smart_tuner.launch.trainer_process import TrainerProcess
from trainer.corpus import Corpus
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams

# A trainer that only says how it was called.
ECHO = (sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))")


def launcher(language: Any = "en", **sections: Any) -> Launcher:
    corpus = StudyCorpus(Path("speech"), Corpus(Path("speech"), (), language))
    return Launcher(StudyConfig(**sections), corpus, Path("runs/s"))


def test_preset_then_fixed_then_the_trials_own() -> None:
    hparams = launcher(trainer={"hparams": {"batch_size": 4, "guide_g": 0.2}}).hparams(
        {"guide_g": 0.3, "learning_rate": 0.01}
    )
    changes = {"batch_size": 4, "guide_g": 0.3, "learning_rate": 0.01, "seed": 1}
    changes |= {"rescue": False, "lr_adapter": False, "grad_norm_critical": 20.0}
    assert hparams == HParams.preset("demo").model_copy(
        update={**changes, "symbols": hparams.symbols}
    )


@pytest.mark.parametrize(
    ("fixed", "params", "seed"),
    [({}, {}, 8), ({"seed": 3}, {}, 3), ({}, {"seed": 4}, 4)],
)
def test_the_seed_is_the_studys_unless_one_is_given(
    fixed: dict[str, int], params: dict[str, object], seed: int
) -> None:
    configured = launcher(study={"seed": 8}, trainer={"hparams": fixed})
    assert configured.hparams(params).seed == seed


@pytest.mark.parametrize(
    ("language", "fixed", "symbols"),
    [("en", {}, "en"), ("ru", {}, "ru"), ("en", {"symbols": "ru"}, "ru")],
)
def test_symbols_follow_the_corpus_unless_given(
    language: str, fixed: dict[str, str], symbols: str
) -> None:
    given = launcher(language, trainer={"hparams": fixed}).hparams({})
    assert given.symbols == symbols


def test_what_does_not_go_together_is_bad_input() -> None:
    with pytest.raises(BadInputError, match="mel_fmax=100 must lie above mel_fmin=200"):
        launcher().hparams({"mel_fmin": 200.0, "mel_fmax": 100.0})


@pytest.mark.parametrize("name", ["last.pt", "previous.pt", "good.pt", "best.pt"])
def test_any_checkpoint_can_be_gone_on_from(name: str, tmp_path: Path) -> None:
    corpus = StudyCorpus(Path("speech"), Corpus(Path("speech"), (), "en"))
    launcher = Launcher(StudyConfig(), corpus, tmp_path)
    folder = launcher.paths(3).checkpoints
    folder.mkdir(parents=True)
    (folder / ".last-x1y2.pt").touch()  # half of one, which a killed trainer left
    assert not launcher.goes_on(3)
    (folder / name).touch()
    assert launcher.goes_on(3)


def test_every_trial_has_a_run_directory() -> None:
    assert launcher().paths(7).root == Path("runs/s/7")


def called(process: TrainerProcess) -> list[str]:
    """The arguments that a trainer was called with."""
    while not process.poll():
        time.sleep(0.02)
    arguments: list[str] = json.loads(process.paths.log.read_text(encoding="utf-8"))
    return arguments


@pytest.mark.parametrize(
    ("trainer", "options"),
    [
        ({}, []),
        ({"warm_start": "public.pt"}, ["--warm-start", "public.pt"]),
        (
            {"warm_start": "public.pt", "ignore_layers": ["embedding.weight", "postnet"]},
            ["--warm-start", "public.pt", "--ignore-layers", "embedding.weight,postnet"],
        ),
    ],
    ids=["none", "whole", "in part"],
)
def test_trials_and_estimate_begin_with_the_same_weights(
    trainer: dict[str, Any], options: list[str], tmp_path: Path
) -> None:
    corpus = StudyCorpus(Path("speech"), Corpus(Path("speech"), (), "en"))
    launcher = Launcher(StudyConfig(trainer=trainer), corpus, tmp_path, ECHO)
    for process in (launcher.start(0, launcher.hparams({})), launcher.measure("me")):
        arguments = called(process)
        lease = arguments.index("--lease-seconds")
        assert arguments[lease + 2 :] == options
