"""From a command line to a training that is ready to run."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from trainer import events, setup
from trainer.arguments import run_parser
from trainer.events import EventReader
from trainer.hparams import HParams
from trainer.paths import RunPaths
from trainer.ranks import Ranks
from trainer.setup import build_training, open_run_directory
from trainer.stop import StoppedEarly, StopRequest
from trainer.train import Training

Build = Callable[..., Training]


@pytest.fixture
def build(tmp_path: Path, trainer_command: Callable[..., list[str]]) -> Build:
    """Builds the tiny run in ``tmp_path/run`` with further options."""

    def make(*options: str) -> Training:
        command = trainer_command(tmp_path / "run", *options)
        arguments = run_parser().parse_args(command[command.index("trainer") + 1 :])
        paths = RunPaths(arguments.run_dir)
        stop = StopRequest(paths.lease, 0.0)
        with open_run_directory(paths) as writer:
            return build_training(arguments, paths, Ranks.join("cpu"), writer.write, stop)

    return make


def told(run_dir: Path) -> list[events.Event]:
    return EventReader(RunPaths(run_dir).events).poll()


def test_preset_then_file_then_assignments(build: Build, tmp_path: Path) -> None:
    file = tmp_path / "h.yaml"
    file.write_text("learning_rate: 0.5\nattention_dim: 12\nguide_g: 0.35\n", encoding="utf-8")
    training = build("--hparams-file", str(file))
    hparams = training.hparams
    assert (hparams.learning_rate, hparams.guide_g) == (0.5, 0.35)  # the file's
    assert hparams.attention_dim == 8  # the assignments'
    assert (hparams.n_frames_per_step, hparams.symbols) == (3, "en")  # the preset's, the corpus's
    written = yaml.safe_load(RunPaths(tmp_path / "run").hparams.read_text(encoding="utf-8"))
    assert HParams.model_validate(written) == hparams
    assert (training.settings.steps, training.settings.evaluate_every) == (500, 50)


def test_symbols_that_are_left_out_are_named(
    build: Build, tmp_path: Path, small_corpus: Path
) -> None:
    rows = small_corpus.read_text(encoding="utf-8").replace("the ", "the 中 ", 2)
    (tmp_path / "list.txt").write_text(rows.rstrip() + "♪\n", encoding="utf-8")
    build("--corpus", str(tmp_path / "list.txt"))
    (warned,) = [e for e in told(tmp_path / "run") if isinstance(e, events.Warned)]
    assert "symbols=en does not know" in warned.message
    assert "U+4E2D" in warned.message
    assert "(2 x)" in warned.message
    assert "U+266A" in warned.message


def test_a_long_preparation_says_how_far_it_is(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "_EVENT_SECONDS", 0.0)
    build()
    preparing = [e for e in told(tmp_path / "run") if isinstance(e, events.Preparing)]
    assert [(e.done, e.total) for e in preparing] == [
        *((done, 20) for done in range(20)),
        *((done, 4) for done in range(4)),
    ]


def test_nothing_to_say_of_a_sound_corpus(build: Build, tmp_path: Path) -> None:
    build()
    assert [e.name for e in told(tmp_path / "run")] == ["header"]


def test_stopped_while_mels_are_computed(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StopRequest, "reason", "stopped by SIGTERM")
    with pytest.raises(StoppedEarly, match="stopped by SIGTERM"):
        build()
