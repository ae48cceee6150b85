import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch

from storage.database import Database
from storage.trials import Trials
from trainer.checkpoint import Checkpoint
from trainer.data import MelScale
from trainer.hparams import HParams, parse_hparams
from trainer.model import Tacotron2


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a voice that has learned nothing."""
    hparams = parse_hparams({"symbols": "ru", "max_decoder_steps": 12}, HParams.preset("demo"))
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("voice") / "voice.pt"
    Checkpoint(
        iteration=0,
        state_dict=Tacotron2(hparams).state_dict(),
        optimizer={},
        learning_rate=0.0,
        hparams=hparams,
        language="ru",
        scale=MelScale(),
        random_states={},
        best=None,
    ).save(path)
    return path


def test_speaks(cli: Callable[..., Any], voice: Path) -> None:
    Path("-voice.pt").symlink_to(voice)  # nothing that begins with a dash is an option
    said = cli("synthesize", "--checkpoint", "-voice.pt", "--", "- Привет, 5 лет!", "out.wav")
    assert said.code == 0, said.err
    assert "wrote out.wav" in said.err
    assert soundfile.info("out.wav").frames > 0


def test_the_best_trials_voice_is_the_default(
    cli: Callable[..., Any], database: Database, study: str, voice: Path
) -> None:
    Trials(database).update(study, 2, checkpoint=str(voice))
    said = cli("synthesize", "да", "out.wav", "--name", study)
    assert said.code == 0, said.err
    assert Path("out.wav").is_file()


def test_the_trainers_word_for_bad_input(cli: Callable[..., Any], voice: Path) -> None:
    said = cli("synthesize", "中", "out.wav", "--checkpoint", voice)
    assert said.code == 2
    assert said.err.startswith("error: text '中' holds no symbol that this voice knows")
    assert said.err.count("\n") == 1
    assert not Path("out.wav").exists()


@pytest.mark.usefixtures("study")
def test_a_voice_that_is_not_there(cli: Callable[..., Any], database: Database) -> None:
    Trials(database).update("demo", 2, checkpoint="gone.pt")
    said = cli("synthesize", "да", "out.wav")
    assert said.code == 2
    assert "the checkpoint of its best trial, 2, is not there (gone.pt)" in said.err


@pytest.mark.usefixtures("running_study")
def test_no_voice_yet(cli: Callable[..., Any]) -> None:
    said = cli("synthesize", "да", "out.wav")
    assert said.code == 2
    assert "study 'live': no trial is complete: name a --checkpoint" in said.err


@pytest.mark.parametrize(
    ("ended", "code", "words"),
    [
        (5, 2, "error: not enough memory to speak: try --device cpu, or end other programs\n"),
        (3, 4, ""),
        (-9, 1, "error: TrainerFailedError: the trainer ended with exit code -9 (this is a bug;"
         " 'smart-tuner --debug ...' shows the details)\n"),
    ],
)  # fmt: skip
def test_every_end_of_the_trainer_has_a_meaning(
    ended: int, code: int, words: str, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert "SMART_TUNER_STORAGE__URL" not in env
        trace = "" if ended == 3 else "Traceback of the trainer"
        return subprocess.CompletedProcess(command, ended, stderr=trace)

    monkeypatch.setenv("SMART_TUNER_STORAGE__URL", "mysql://u:hush@h/d")
    monkeypatch.setattr("smart_tuner.cli.synthesize.subprocess.run", run)
    arguments = ("synthesize", "да", "out.wav", "--checkpoint", "x.pt")
    said = cli(*arguments)
    assert (said.code, said.err) == (code, words)
    if code == 1:
        assert "Traceback of the trainer" in cli("--debug", *arguments).err
