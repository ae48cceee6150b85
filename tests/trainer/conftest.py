"""What the trainer's tests share: one thread, one small corpus, small models, real processes."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import settings

from trainer.corpus import load_corpus, make_demo_corpus
from trainer.data import Dataset, MelStore, build_datasets
from trainer.hparams import HParams
from trainer.validation import HeldOut

# Two cores are shared by everything that a suite runs at once: no example is timed.
settings.register_profile("shared-cores", deadline=None)
settings.load_profile("shared-cores")

# A model of some 35,000 parameters: everything the demo preset does, in little time.
TINY: dict[str, Any] = {
    "symbols_embedding_dim": 16,
    "encoder_embedding_dim": 16,
    "attention_rnn_dim": 16,
    "attention_dim": 8,
    "attention_location_n_filters": 4,
    "attention_location_kernel_size": 5,
    "decoder_rnn_dim": 16,
    "prenet_dims": (16, 8),
    "postnet_embedding_dim": 16,
    "batch_size": 4,
    "max_decoder_steps": 60,
}
N_SMALL = 24
DROPOUTS = tuple(name for name in HParams.model_fields if name.endswith("dropout"))

Tiny = Callable[..., HParams]
RunTrainer = Callable[..., subprocess.CompletedProcess[str]]


def assignments(values: Mapping[str, Any]) -> str:
    """``values`` as ``--hparams`` takes them."""
    return ",".join(
        f"{name}={list(value) if isinstance(value, tuple) else value}"
        for name, value in values.items()
    )


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    torch.manual_seed(20171216)


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    """Makes hparams of the demo preset at a reduced size, with changes."""

    def make(**changes: Any) -> HParams:
        demo = HParams.preset("demo").model_dump()
        return HParams.model_validate({**demo, "symbols": "en", **TINY, **changes})

    return make


@pytest.fixture(scope="session")
def undropped(tiny: Tiny) -> Tiny:
    """The same, without any dropout."""
    return lambda **changes: tiny(**{**dict.fromkeys(DROPOUTS, 0.0), **changes})


@pytest.fixture(scope="session")
def published() -> ModuleType:
    """The oracle, ``model/published.py``: the published model, plain and slow."""
    path = Path(__file__).parent / "model" / "published.py"
    spec = importlib.util.spec_from_file_location("published", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def demo_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The English demo corpus."""
    if importlib.util.find_spec("espeakng_loader") is None:
        pytest.skip("espeakng_loader isn't installed: no demo corpus")
    return make_demo_corpus(tmp_path_factory.mktemp("corpora") / "demo-en", "en")


@pytest.fixture(scope="session")
def small_corpus(demo_corpus: Path) -> Path:
    """A filelist of its first 24 utterances: 20 to train on, 4 held out."""
    rows = (demo_corpus / "metadata.csv").read_text(encoding="utf-8").splitlines()[:N_SMALL]
    path = demo_corpus.parent / "small.txt"
    pairs = (row.split("|") for row in rows)
    lines = [f"{demo_corpus / 'wavs' / name}.wav|{text}\n" for name, text in pairs]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the mels of the small corpus are kept for all tests."""
    return tmp_path_factory.mktemp("mels")


@pytest.fixture(scope="session")
def dataset(small_corpus: Path, cache_dir: Path, tiny: Tiny) -> Dataset:
    """The small corpus, ready to train the tiny model."""
    hparams = tiny()
    corpus = load_corpus(small_corpus)
    return build_datasets(corpus, hparams, MelStore(cache_dir, hparams), lambda u, _: u)


@pytest.fixture(scope="session")
def held_out(dataset: Dataset) -> HeldOut:
    return HeldOut.of(dataset, torch.device("cpu"))


@pytest.fixture(scope="session")
def trainer_command(small_corpus: Path, cache_dir: Path) -> Callable[..., list[str]]:
    """The argv of a tiny training run in ``run_dir``, with changed hparams and further options."""

    def command(run_dir: Path, *options: str, **hparams: Any) -> list[str]:
        return [
            sys.executable, "-P", "-m", "trainer", "--run-dir", str(run_dir),
            "--corpus", str(small_corpus), "--preset", "demo", "--cache-dir", str(cache_dir),
            "--hparams", assignments({**TINY, **hparams}), "--device", "cpu", *options,
        ]  # fmt: skip

    return command


@pytest.fixture(scope="session")
def finish() -> RunTrainer:
    """Runs a command as a process to its end."""

    def run(command: list[str], limit: float = 300.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=limit, check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    trainer_command: Callable[..., list[str]],
    finish: RunTrainer,
) -> subprocess.CompletedProcess[str]:
    """A tiny run of 24 steps, validated at 12 and 24, trained to its end."""
    root = tmp_path_factory.mktemp("trained")
    done = finish(trainer_command(root / "run", "--steps", "24", "--evaluate-every", "12"))
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def trained_run(trained: subprocess.CompletedProcess[str]) -> Path:
    """Its run directory."""
    return Path(trained.args[trained.args.index("--run-dir") + 1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[list[str]], subprocess.Popen[str]]]:
    """Starts a command as a process; none outlives the test."""
    processes: list[subprocess.Popen[str]] = []

    def run(command: list[str]) -> subprocess.Popen[str]:
        log = (tmp_path / f"process{len(processes)}.log").open("w", encoding="utf-8")
        with log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )
        processes.append(process)
        return process

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
