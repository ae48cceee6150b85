"""``python -m trainer synthesize``, in this process and as a process."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from trainer.cli import main
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.synthesis import synthesize_command

Finish = Callable[..., subprocess.CompletedProcess[str]]
Speak = Callable[..., None]


@pytest.fixture
def speak(voice_file: Callable[..., Path]) -> Speak:
    """Speaks with a voice of random weights that never stops after 8 steps, or as told."""
    path = voice_file(max_decoder_steps=12, stop=-100.0)

    def call(*arguments: object, checkpoint: Path = path) -> None:
        told = ["--device", "cpu", "--checkpoint", checkpoint, "--retries=0", *arguments]
        assert synthesize_command([str(a) for a in told]) is TrainerExit.FINISHED

    return call


def seconds(path: Path) -> float:
    return float(soundfile.info(path).duration)


def test_a_text_is_spoken(speak: Speak, tmp_path: Path) -> None:
    out = tmp_path / "out" / "a.wav"
    speak("The red queen waits.", out)
    samples, rate = soundfile.read(out)
    assert rate == 22_050
    assert len(samples) == 35 * 256  # 12 steps of 3 frames, less one
    assert np.abs(samples).max() > 0
    assert [p.name for p in out.parent.iterdir()] == ["a.wav"]


def test_the_seed_says_which_reading(speak: Speak, tmp_path: Path) -> None:
    def spoken(seed: int) -> bytes:
        speak("The red queen waits.", tmp_path / "a.wav", f"--seed={seed}")
        return (tmp_path / "a.wav").read_bytes()

    assert spoken(1) == spoken(1)
    assert spoken(1) != spoken(2)
    assert spoken(-1) != spoken(1)


def test_a_long_text_is_one_wav_with_pauses(speak: Speak, tmp_path: Path) -> None:
    text = "Mr. Smith waits. The queen, she waits too!\nThe end."
    speak(text, tmp_path / "a.wav", "--pause=0.5", "--report", tmp_path / "r.json")
    one = 35 * 256 / 22_050
    assert seconds(tmp_path / "a.wav") == pytest.approx(3 * one + 0.5 + 1.0, abs=1e-3)
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    sentences = report["texts"][0]["sentences"]
    assert [s["text"] for s in sentences] == [
        "Mr. Smith waits.", "The queen, she waits too!", "The end.",
    ]  # fmt: skip
    speak(text, tmp_path / "b.wav", "--max-symbols=15", "--report", tmp_path / "r.json")
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert len(report["texts"][0]["sentences"]) > 3


def test_the_report(speak: Speak, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("hi|Hi 中 there.\n中\nBye.", encoding="utf-8")
    arguments = ["--text-file", tmp_path / "texts.txt", tmp_path / "out", "--retries=1"]
    speak(*arguments, "--report", tmp_path / "deep" / "r.json", "--seed=3")
    report = json.loads((tmp_path / "deep" / "r.json").read_text(encoding="utf-8"))
    assert {name: report[name] for name in ("version", "iteration", "vocoder", "seed")} == {
        "version": 1, "iteration": 7, "vocoder": "griffin_lim", "seed": 3,
    }  # fmt: skip
    first, nothing, last = report["texts"]
    assert first["wav"] == str(tmp_path / "out" / "hi.wav")
    assert first["unknown_symbols"] == {"中": 1}
    assert first["seconds"] == pytest.approx(35 * 256 / 22_050, abs=1e-3)
    sentence = first["sentences"][0]
    assert (sentence["text"], sentence["attempts"]) == ("Hi 中 there.", 2)
    assert "never_stopped" in sentence["failures"]
    assert 0.0 <= sentence["alignment_score"] <= 1.0
    assert (nothing["wav"], nothing["seconds"], nothing["sentences"]) == (None, 0.0, [])
    assert last["wav"] == str(tmp_path / "out" / "0003.wav")


def test_a_file_of_texts_is_a_folder_of_wavs(
    speak: Speak, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [f"Text number {'so ' * n}." for n in range(1, 8)]
    (tmp_path / "texts.txt").write_text("\n".join([*texts, "中文"]), encoding="utf-8")
    caplog.set_level(logging.INFO)
    speak("--text-file", tmp_path / "texts.txt", tmp_path / "out", "--batch-size=3")
    written = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in written] == [f"000{n}.wav" for n in range(1, 8)]
    speak(texts[4], tmp_path / "alone.wav")
    alone, _ = soundfile.read(tmp_path / "alone.wav")
    together, _ = soundfile.read(written[4])
    assert len(alone) == len(together)
    assert np.corrcoef(alone, together)[0, 1] > 0.99  # rounding alone parts them
    assert "0008.wav was not written: '中文' holds no known letter" in caplog.text
    assert f"wrote {written[0]}" in caplog.text


def test_failures_are_named(
    speak: Speak, voice_file: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speak("It waits. It waits and waits.", tmp_path / "a.wav", "--retries=1")
    assert "a.wav: 'It waits and waits.': never_stopped" in caplog.text
    assert "(best of 2 attempts)" in caplog.text
    caplog.clear()
    hasty = voice_file(stop=100.0)
    speak("The happy teacher shines, boy.", tmp_path / "a.wav", checkpoint=hasty)
    assert "stopped_early" in caplog.text
    assert seconds(tmp_path / "a.wav") < 0.1


def test_one_attempt_is_no_attempts(
    speak: Speak, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speak("It waits.", tmp_path / "a.wav")
    assert "(best of 1 attempt)" in caplog.text


@pytest.mark.parametrize("text", ["", "  ", "中文", "♪ 中.♪", "Привет мир", "...", "-, !"])
def test_nothing_to_say(speak: Speak, tmp_path: Path, text: str) -> None:
    remedy = r"that this voice knows \(symbols=en\): write in its language, English$"
    with pytest.raises(BadInputError, match=f"holds no letter {remedy}"):
        speak(text, tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists()


def test_many_texts_and_nothing_to_say(speak: Speak, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("中\n文 .\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="none of the 2 texts holds a letter"):
        speak("--text-file", tmp_path / "texts.txt", tmp_path / "out")


def test_places_that_cannot_be_written(speak: Speak, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match=r"file/a\.wav can't be written"):
        speak("The red queen.", tmp_path / "file" / "a.wav")
    with pytest.raises(BadInputError, match=r"report .*file/r\.json can't be written"):
        speak("The red queen.", tmp_path / "a.wav", "--report", tmp_path / "file" / "r.json")
    (tmp_path / "texts.txt").write_text("One.", encoding="utf-8")
    with pytest.raises(BadInputError, match=r"folder .*file/out can't be made"):
        speak("--text-file", tmp_path / "texts.txt", tmp_path / "file" / "out")


def test_lines_without_a_letter_are_skipped(
    speak: Speak, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "texts.txt").write_text("Hi.\nПривет, мир!\n", encoding="utf-8")
    speak("--text-file", tmp_path / "texts.txt", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0001.wav"]
    assert "0002.wav was not written: 'Привет, мир!' holds no known letter" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Hi.", "voice.wav"], "voice.wav is the checkpoint: name another file to write"),
        (["Hi.", "link.wav"], "link.wav is the checkpoint"),
        (["Hi.", "a.wav", "--report=voice.wav"], "--report voice.wav: a report is JSON"),
        (["Hi.", "a.wav", "--report=link.json"], "link.json is the checkpoint"),
        (["Hi.", "a.wav", "--report=hifigan/config.json"], "is the vocoder's configuration"),
        (["Hi.", "r.wav"], "r.wav is the reference"),
        (["--text-file=t.json", ".", "--report=t.json"], "t.json is the text file"),
        (["--text-file=t.json", "."], "r.wav is the reference"),
        (["Hi.", "a.wav", "--report=a.wav"], "--report a.wav: a report is JSON"),
    ],
)
def test_what_is_read_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hifigan").mkdir()
    for name in ("voice.wav", "r.wav", "hifigan/config.json"):
        Path(name).write_text("precious", encoding="utf-8")
    Path("t.json").write_text("r|Hi.", encoding="utf-8")
    for name in ("link.wav", "link.json"):
        Path(name).symlink_to("voice.wav")
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    options = ["--checkpoint=voice.wav", f"--reference={tmp_path / 'r.wav'}", "--vocoder=hifigan"]
    with pytest.raises(BadInputError, match=re.escape(message)):
        synthesize_command([*options, *arguments])
    assert before == {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_a_report_that_is_there_is_written_anew(speak: Speak, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    report.write_text("{}", encoding="utf-8")
    speak("Hi.", tmp_path / "a.wav", "--report", report)
    assert json.loads(report.read_text(encoding="utf-8"))["version"] == 1


def test_a_reference_for_a_voice_without_styles(speak: Speak, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no style tokens"):
        speak("Hi.", tmp_path / "a.wav", "--reference", tmp_path / "r.wav")


def test_a_reference_and_a_vocoder(
    speak: Speak, voice_file: Callable[..., Path], tmp_path: Path
) -> None:
    styled = voice_file(use_gst=True, max_decoder_steps=12, stop=-100.0)
    soundfile.write(tmp_path / "r.wav", np.random.default_rng(0).normal(0, 0.1, 16_000), 16_000)
    config: dict[str, Any] = {
        "resblock": "2", "upsample_rates": [16, 16], "upsample_kernel_sizes": [32, 32],
        "upsample_initial_channel": 8, "resblock_kernel_sizes": [3],
        "resblock_dilation_sizes": [[1]], "num_mels": 80, "n_fft": 1024, "hop_size": 256,
        "win_size": 1024, "sampling_rate": 22050, "fmin": 0, "fmax": 8000,
    }  # fmt: skip
    shapes = {
        "conv_pre": (8, 80, 7), "ups.0": (8, 4, 32), "ups.1": (4, 2, 32),
        "resblocks.0.convs.0": (4, 4, 3), "resblocks.1.convs.0": (2, 2, 3), "conv_post": (1, 2, 7),
    }  # fmt: skip
    weights = {f"{name}.weight": torch.randn(shape) for name, shape in shapes.items()}
    biases = {"conv_pre": 8, "ups.0": 4, "ups.1": 2, "resblocks.0.convs.0": 4,
              "resblocks.1.convs.0": 2, "conv_post": 1}  # fmt: skip
    weights |= {f"{name}.bias": torch.zeros(size) for name, size in biases.items()}
    (tmp_path / "hifigan").mkdir()
    torch.save({"generator": weights}, tmp_path / "hifigan" / "g_1")
    (tmp_path / "hifigan" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    options = ["--reference", tmp_path / "r.wav", "--vocoder", tmp_path / "hifigan"]
    report = tmp_path / "r.json"
    speak("Hi there.", tmp_path / "a.wav", *options, "--report", report, checkpoint=styled)
    assert soundfile.info(tmp_path / "a.wav").frames == 36 * 256
    assert json.loads(report.read_text(encoding="utf-8"))["vocoder"] == "hifigan"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.wav"], "arguments are required: "),
        (["text", "a.wav", "--batch-size=0"], "0 is not at least 1"),
        (["text", "a.wav", "--retries=-1"], "-1 is not at least 0"),
        (["--text-file=x", "text", "out"], "give a text or --text-file, not both"),
        (["text", "--text-file", "x", "out"], "give a text or --text-file, not both"),
        (["--text-file=x", "--", "text", "out"], "give a text or --text-file, not both"),
        (["--text-file=x", "out", "--bogus"], "unrecognized arguments: --bogus"),
        (["text", "a.wav", "more"], "unrecognized arguments: more"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        synthesize_command(["--checkpoint=x.pt", *arguments])
    assert leaving.value.code == TrainerExit.BAD_INPUT
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["text", "a.mp3"], "only WAV is written"),
        (["--text-file=nowhere.txt", "out"], "text file nowhere.txt: No such file"),
        (["--text-file", "nowhere.txt", "--", "out"], "text file nowhere.txt: No such file"),
        (["--", "--text-file", "a.mp3"], "only WAV is written"),  # a text like any other
    ],
)
def test_what_is_told_is_looked_at_first(arguments: list[str], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        synthesize_command(["--checkpoint=x.pt", *arguments])


def test_as_a_process(voice_file: Callable[..., Path], tmp_path: Path, finish: Finish) -> None:
    command = [sys.executable, "-P", "-m", "trainer", "synthesize", "--device", "cpu"]
    command += ["--checkpoint", str(voice_file(max_decoder_steps=12))]
    out = tmp_path / "new" / "a.wav"
    done = finish([*command, "--progress=on", "--", "- The 中 red queen.", str(out)])
    assert done.returncode == 0, done.stderr
    assert seconds(out) > 0
    assert "1 x U+4E2D" in done.stderr
    assert f"wrote {out}" in done.stderr
    assert "sentences: 100%" in done.stderr
    done = finish([*command, "中文", str(tmp_path / "a.wav")])
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("error: text '中文' holds no letter")


def test_without_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.pt"
    arguments = ["synthesize", "--checkpoint", str(missing), "hello", str(tmp_path / "a.wav")]
    assert main(arguments) is TrainerExit.BAD_INPUT
    assert capsys.readouterr().err == f"error: checkpoint {missing}: no such file\n"


def test_a_voice_that_was_trained(speak: Speak, trained_run: Path, tmp_path: Path) -> None:
    checkpoint = trained_run / "checkpoints" / "last.pt"
    speak("The red queen waits.", tmp_path / "a.wav", checkpoint=checkpoint)
    assert seconds(tmp_path / "a.wav") > 0
