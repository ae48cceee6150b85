import json
import sys
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
        continuation=None,
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
    assert said.err.startswith("error: text '中' holds no letter that this voice knows")
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


def test_many_texts(cli: Callable[..., Any], voice: Path) -> None:
    Path("texts.txt").write_text("да|Да.\nНет, нет.\n", encoding="utf-8")
    options = ["--text-file", "texts.txt", "--batch-size=1", "--retries=0", "--report", "r.json",
               "--max-symbols=90", "--pause=0.5"]  # fmt: skip
    said = cli("synthesize", *options, "--checkpoint", voice, "out")
    assert said.code == 0, said.err
    assert sorted(path.name for path in Path("out").iterdir()) == ["0002.wav", "да.wav"]
    report = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert [text["text"] for text in report["texts"]] == ["Да.", "Нет, нет."]
    assert {s["attempts"] for text in report["texts"] for s in text["sentences"]} == {1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--vocoder", "nowhere", "да", "out.wav"], "error: vocoder: nowhere: No such file"),
        (["--reference", "r.wav", "да", "out.wav"], "error: reference r.wav: this voice has no"),
        (["--text-file", "texts.txt", "out"], "error: text file texts.txt: No such file"),
        (["out.wav"], "error: say TEXT and OUT, or --text-file FILE and OUT"),
        (["--text-file", "texts.txt", "да", "out"], "error: give TEXT or --text-file, not both"),
    ],
)
def test_options_reach_the_trainer(
    cli: Callable[..., Any], voice: Path, arguments: list[str], message: str
) -> None:
    said = cli("synthesize", "--checkpoint", voice, *arguments)
    assert said.code == 2
    assert said.err.startswith(message)


FAKE_TRAINER = """
import os, sys
assert "SMART_TUNER_STORAGE__URL" not in os.environ
assert sys.argv[1:3] == ["synthesize", "--progress=off"]
words, code = {words!r}, {code}
sys.stderr.buffer.write(words.encode())
sys.stderr.flush()
os.kill(os.getpid(), -code) if code < 0 else sys.exit(code)
"""
TRACE = "2026-01-01 internal error\nTraceback of the trainer\n"


@pytest.mark.parametrize(
    ("ended", "words", "code", "said"),
    [
        (0, "10%\r20%\rwrote out.wav\nпоследнее", 0, "10%\r20%\rwrote out.wav\nпоследнее"),
        (5, "out of memory: 3 GB\n", 2, "error: not enough memory to speak: try --device cpu or a"
         " smaller --batch-size, or end other programs\n"),
        (3, "", 4, ""),
        (1, "so\n" + TRACE, 1, "so\nerror: TrainerFailedError: the trainer ended with exit"
         " code 1 (this is a bug; 'smart-tuner --debug ...' shows the details)\n"),
        (-9, TRACE, 1, "error: TrainerFailedError: the trainer ended with exit code -9 (this is a"
         " bug; 'smart-tuner --debug ...' shows the details)\n"),
    ],
)  # fmt: skip
def test_every_end_of_the_trainer_has_a_meaning(
    ended: int,
    words: str,
    code: int,
    said: str,
    cli: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SMART_TUNER_STORAGE__URL", "mysql://u:hush@h/d")
    fake = (sys.executable, "-c", FAKE_TRAINER.format(words=words, code=ended))
    monkeypatch.setattr("smart_tuner.cli.synthesis_process.TRAINER", fake)
    arguments = ("synthesize", "да", "out.wav", "--checkpoint", "x.pt")
    answer = cli(*arguments)
    assert (answer.code, answer.err) == (code, said)
    if code == 1:
        assert "Traceback of the trainer" in cli("--debug", *arguments).err
