"""Studies of tiny trials: with the real trainer, or with one that only speaks its protocol."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, chdir, contextmanager, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial
from rich.console import Console

import smart_tuner
from smart_tuner.config import StudyConfig, load_config
from smart_tuner.exit_codes import TunerExit
from smart_tuner.launch.trainer_process import TRAINER
from smart_tuner.main import SmartTunerMain
from storage.attempts import Attempts
from storage.commands import Commands
from storage.database import Database, open_database
from storage.events import Events
from storage.optuna_storage import close_optuna_storage, optuna_storage
from storage.records import AttemptRecord, EventRecord, TrialRecord
from storage.trials import Trials
from trainer import events
from trainer.corpus import make_demo_corpus
from trainer.events import EventReader
from trainer.paths import RunPaths

ROOT = Path(smart_tuner.__file__).parents[1]
STUB = (sys.executable, "-P", str(Path(__file__).with_name("stub_trainer.py")))

NAME = "speech"
TINY: dict[str, Any] = {
    "symbols_embedding_dim": 16,
    "encoder_embedding_dim": 16,
    "attention_rnn_dim": 16,
    "decoder_rnn_dim": 16,
    "attention_dim": 8,
    "prenet_dims": [8, 8],
    "postnet_embedding_dim": 8,
    "batch_size": 4,
}
SECTIONS: dict[str, Any] = {
    "study": {"name": NAME, "trials": 2, "jobs": 1},
    "trainer": {"preset": "demo", "steps": 6, "evaluate_every": 3, "hparams": TINY},
    "health": {"never_aligned": False},
    "sinks": {"mlflow": False},
}
# A controller of its own: says at the end whether torch came in, and leaves as it was told to.
CONTROLLER = """
import json, os, sys
from smart_tuner.config import load_config
from smart_tuner.main import SmartTunerMain
sections, trainer = json.loads(sys.argv[1]), json.loads(sys.argv[2])
code = SmartTunerMain(load_config(None, sections, environ={}), trainer=trainer).run()
print("torch loaded:", "torch" in sys.modules, flush=True)
sys.exit(code)
"""


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``, section by section; what holds a space is replaced whole."""
    result = dict(base)
    for name, value in changes.items():
        both = isinstance(value, Mapping) and name in (
            "study",
            "trainer",
            "health",
            "hparams",
            "sinks",
        )
        result[name] = merged(result.get(name) or {}, value) if both else value
    return result


@dataclass(frozen=True)
class Ran:
    """How a study's controller ended, and what it said."""

    code: TunerExit
    out: str


@dataclass
class Workshop:
    """A working directory with a tiny corpus, in which studies run one after another."""

    folder: Path
    trainer: tuple[str, ...]
    controllers: list[subprocess.Popen[str]] = field(default_factory=list)
    storage: str = ""
    """The URL of its database; empty: a file in the working directory."""
    prelude: str = ""
    """What a controller in a process of its own does first, in Python."""

    def sections(self, **sections: Any) -> dict[str, Any]:
        """A configuration as a command line gives it, of tiny trials unless said otherwise."""
        base = {**SECTIONS, "corpus": str(self.folder / "speech")}
        base |= {"storage": {"url": self.storage}} if self.storage else {}
        return merged(base, sections)

    def config(self, **sections: Any) -> StudyConfig:
        """The same, loaded."""
        return load_config(None, self.sections(**sections), environ={})

    def main(self, config: StudyConfig, console: Console | None = None) -> SmartTunerMain:
        """The study, ready to run with this workshop's trainer."""
        return SmartTunerMain(config, console or Console(file=StringIO()), self.trainer)

    def run(self, **sections: Any) -> Ran:
        """Run a study in this process, to its end."""
        output = StringIO()
        main = self.main(self.config(**sections), Console(file=output, width=120))
        with chdir(self.folder):
            return Ran(main.run(), output.getvalue())

    def start(self, **sections: Any) -> subprocess.Popen[str]:
        """Run a study in a process of its own."""
        arguments = [json.dumps(self.sections(**sections)), json.dumps(self.trainer)]
        process = subprocess.Popen(
            [sys.executable, "-c", self.prelude + CONTROLLER, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.controllers.append(process)
        return process

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The study's database."""
        url = self.storage or f"sqlite:///{self.folder}/smart_tuner.db"
        with open_database(url) as database:
            yield database

    def trials(self) -> list[TrialRecord]:
        """Our records of the trials, by number; none before there is a database."""
        if not (self.storage or (self.folder / "smart_tuner.db").exists()):
            return []
        with self.database() as database:
            return Trials(database).list_of(NAME)

    def attempts(self, number: int) -> list[AttemptRecord]:
        """Our records of a trial's trainers, in their order."""
        with self.database() as database:
            return Attempts(database).list_of(NAME, number)

    def kept(self, *kinds: str, number: int | None = None) -> list[EventRecord]:
        """Our events of these kinds."""
        with self.database() as database:
            return Events(database).list_of(NAME, number, kinds)

    def optuna_trials(self) -> list[FrozenTrial]:
        """Optuna's trials, by number."""
        with self.optuna_study() as study:
            return study.get_trials()

    @contextmanager
    def optuna_study(self) -> Iterator[optuna.Study]:
        """Optuna's study, as the controller's predecessor or successor would see it."""
        with self.database() as database:
            storage = optuna_storage(database)
            try:
                yield optuna.load_study(study_name=NAME, storage=storage)
            finally:
                close_optuna_storage(storage)

    def ask(self, kind: str, number: int | None = None, **arguments: Any) -> int:
        """Send a command as a bot does, unchecked and without waiting; its id."""
        with self.database() as database:
            sent = Commands(database).send(
                NAME, kind, requested_by="anna", source="bot", number=number, arguments=arguments
            )
        return sent.id

    def answer(self, command_id: int) -> tuple[str, str | None]:
        """The state and the answer of a command."""
        with self.database() as database:
            command = Commands(database).get(command_id)
        assert command is not None
        return command.state.value, command.answer

    def paths(self, number: int) -> RunPaths:
        """The run directory of a trial."""
        return RunPaths(self.folder / "runs" / NAME / str(number))

    def said(self, number: int) -> list[events.Event]:
        """All that a trial's trainers have written so far."""
        return EventReader(self.paths(number).events).poll()

    def checkpoints(self, number: int) -> set[str]:
        """The names of a trial's checkpoints."""
        return {path.name for path in self.paths(number).checkpoints.glob("*")}

    def evaluated(self, number: int) -> list[int]:
        """The steps at which a trial's trainers have evaluated so far."""
        return [event.step for event in self.said(number) if isinstance(event, events.Evaluation)]

    def pids(self, number: int) -> list[int]:
        """The process ids of a trial's trainers, one an attempt."""
        return [event.pid for event in self.said(number) if isinstance(event, events.Started)]


OpenWorkshop = Callable[..., AbstractContextManager[Workshop]]


@pytest.fixture(scope="session")
def demo_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo corpus in English, made once for all workers; not to be written to."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    return make_demo_corpus(shared / "demo-en", "en")


@pytest.fixture(scope="session")
def speech(demo_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 20 recordings of the demo corpus; not to be written to."""
    folder = tmp_path_factory.mktemp("corpus") / "speech"
    (folder / "wavs").mkdir(parents=True)
    rows = (demo_corpus / "metadata.csv").read_text(encoding="utf-8").splitlines()[:20]
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for name in (row.split("|")[0] for row in rows):
        shutil.copy(demo_corpus / "wavs" / f"{name}.wav", folder / "wavs")
    return folder


@pytest.fixture(scope="session")
def open_workshop(speech: Path) -> OpenWorkshop:
    """Opens a workshop; at its end no process of it is left."""

    @contextmanager
    def opened(folder: Path, *trainer: str) -> Iterator[Workshop]:
        shutil.copytree(speech, folder / "speech")
        workshop = Workshop(folder, trainer or TRAINER)
        try:
            yield workshop
        finally:
            for controller in workshop.controllers:
                end(controller)

    return opened


def end(controller: subprocess.Popen[str]) -> None:
    """Stop a controller: politely, then at once."""
    while controller.poll() is None:
        controller.terminate()
        with suppress(subprocess.TimeoutExpired):
            controller.wait(timeout=10)
    if controller.stdout is not None:
        controller.stdout.close()


@pytest.fixture
def workshop(tmp_path: Path, open_workshop: OpenWorkshop) -> Iterator[Workshop]:
    """With trainers that only speak the protocol: a trial takes a fraction of a second."""
    with open_workshop(tmp_path, *STUB) as workshop:
        yield workshop


@pytest.fixture
def slow_workshop(tmp_path: Path, open_workshop: OpenWorkshop) -> Iterator[Workshop]:
    """The same with trials that take their time: a test can meet them half-way."""
    with open_workshop(tmp_path, *STUB, "--seconds-per-step", "0.05") as workshop:
        yield workshop


@pytest.fixture
def deaf_workshop(tmp_path: Path, open_workshop: OpenWorkshop) -> Iterator[Workshop]:
    """The same with trainers that hear no polite request."""
    with open_workshop(tmp_path, *STUB, "--seconds-per-step", "0.05", "--deaf") as workshop:
        yield workshop


@pytest.fixture
def real_workshop(tmp_path: Path, open_workshop: OpenWorkshop) -> Iterator[Workshop]:
    """With the real trainer: a trial takes some seconds."""
    with open_workshop(tmp_path) as workshop:
        yield workshop


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits for something that another process does."""

    def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)

    return wait
