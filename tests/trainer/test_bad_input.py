"""Bad input to real processes: one line, exit code 2, no traceback."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.events import Ended, EventReader
from trainer.paths import RunPaths

Command = Callable[..., list[str]]
Finish = Callable[..., subprocess.CompletedProcess[str]]
Change = Callable[[list[str], Path], list[str]]


def replaced(option: str, value: str) -> Change:
    """The command with another value of ``option``."""

    def change(command: list[str], folder: Path) -> list[str]:
        at = command.index(option) + 1
        return [*command[:at], value.format(folder=folder), *command[at + 1 :]]

    return change


def with_options(*options: str) -> Change:
    return lambda command, folder: [*command, *(o.format(folder=folder) for o in options)]


def a_file_in_the_way(command: list[str], folder: Path) -> list[str]:
    (folder / "file").write_text("in the way", encoding="utf-8")
    return replaced("--run-dir", "{folder}/file/run")(command, folder)


def a_truncated_recording(command: list[str], folder: Path) -> list[str]:
    lines = Path(command[command.index("--corpus") + 1]).read_text(encoding="utf-8").splitlines()
    path, text = lines[5].split("|")
    (folder / "cut.wav").write_bytes(Path(path).read_bytes()[:9999])
    lines[5] = f"{folder / 'cut.wav'}|{text}"
    (folder / "list.txt").write_text("\n".join(lines), encoding="utf-8")
    return replaced("--corpus", "{folder}/list.txt")(command, folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replaced("--corpus", "{folder}/nowhere"), "nowhere': no such file or directory"),
        (a_truncated_recording, "cut.wav: is truncated"),
        (replaced("--hparams", "learning_rte=1"), "did you mean 'learning_rate'?"),
        (replaced("--hparams", "batch_size=0"), "hparam batch_size='0': input should be"),
        (replaced("--preset", "dmo"), "unknown preset 'dmo'; did you mean 'demo'?"),
        (replaced("--device", "cuda:99"), "device 'cuda:99': this machine has"),
        (a_file_in_the_way, "file/run can't be written: Not a directory"),
        (with_options("--hparams-file", "{folder}/none.yaml"), "none.yaml: No such file"),
        (with_options("--steps", "0"), "argument --steps: 0 is not at least 1"),
        (with_options("--stepz", "5"), "unrecognized arguments: --stepz 5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_line(
    tmp_path: Path, trainer_command: Command, finish: Finish, change: Change, message: str
) -> None:
    done = finish(change(trainer_command(tmp_path / "run"), tmp_path))
    assert done.returncode == 2, done.stderr
    assert (len(done.stderr.splitlines()), done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert not RunPaths(tmp_path / "run").last_checkpoint.exists()
    told = EventReader(RunPaths(tmp_path / "run").events).poll()
    if told:
        assert isinstance(told[-1], Ended)
        assert told[-1].exit == "bad_input"
        assert message in told[-1].message


def test_without_arguments(finish: Finish) -> None:
    done = finish([sys.executable, "-P", "-m", "trainer"])
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: the following arguments are required: --run-dir")


def test_a_damaged_checkpoint_is_not_trained_over(
    tmp_path: Path, trainer_command: Command, finish: Finish
) -> None:
    last = RunPaths(tmp_path / "run").last_checkpoint
    last.parent.mkdir(parents=True)
    last.write_bytes(b"damaged")
    done = finish(trainer_command(tmp_path / "run", "--steps", "2"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "last.pt can't be read" in done.stderr
    assert last.read_bytes() == b"damaged"


def test_a_backend_that_can_not_be_compiled(
    tmp_path: Path, trainer_command: Command, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for, it is an error; left to ``auto``, PyTorch trains, and the log says why."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reason = "no C++ compiler (CXX=no-such-compiler) was found"
    done = finish(trainer_command(tmp_path / "native", decoder_backend="native"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(
        f"error: decoder_backend=native: {reason}; install a C++ compiler"
    )
    done = finish(trainer_command(tmp_path / "auto", "--steps", "2"))
    assert done.returncode == 0, done.stderr
    assert f"decoder backend: torch ({reason})" in done.stderr
