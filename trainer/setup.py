"""From the command line to a training that is ready to run."""

import argparse
import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from tqdm import tqdm

from trainer.arguments import DEFAULT_EVALUATE_EVERY, DEFAULT_STEPS, hparams_of
from trainer.checkpoint_folder import CheckpointFolder
from trainer.corpus import Corpus, Utterance, load_corpus, verify_audio
from trainer.events import EventWriter, Preparing
from trainer.exit_codes import BadInputError, NoRoomError
from trainer.hparams import HParams, parse_hparams, write_hparams
from trainer.model.recurrence import BackendUnavailableError, describe_backend
from trainer.paths import DISK_FULL, RunPaths
from trainer.ranks import Ranks
from trainer.settings import RunSettings, WarmStartFrom
from trainer.stop import StoppedEarly, StopRequest
from trainer.telling import Write, warn
from trainer.text import default_symbols, symbol_name, symbol_table, unknown_symbols
from trainer.train import Training

_EVENT_SECONDS = 1.0


def resolve_hparams(arguments: argparse.Namespace, corpus: Corpus) -> HParams:
    """Preset, then file, then assignments; ``symbols: auto`` becomes the corpus's table."""
    hparams = hparams_of(arguments)
    if hparams.symbols == "auto":
        hparams = parse_hparams({"symbols": default_symbols(corpus.language)}, hparams)
    return hparams


def open_run_directory(paths: RunPaths) -> EventWriter:
    """Make the directory and its event file.

    Raises:
        NoRoomError: the disk is full.
        BadInputError: it can't be done for another reason.
    """
    try:
        paths.samples.mkdir(parents=True, exist_ok=True)
        paths.checkpoints.mkdir(exist_ok=True)
        return EventWriter(paths.events)
    except BlockingIOError:
        raise BadInputError(
            f"run directory {paths.root} is in use by another process that trains: wait for it, "
            "stop it, or choose another directory with --run-dir"
        ) from None
    except OSError as error:
        kind = NoRoomError if error.errno in DISK_FULL else BadInputError
        raise kind(
            f"run directory {paths.root} can't be written: {error.strerror}; choose another "
            "with --run-dir"
        ) from None


def build_training(
    arguments: argparse.Namespace,
    paths: RunPaths,
    ranks: Ranks,
    write: Write,
    stop: StopRequest,
) -> Training:
    """Read the corpus and the hparams, and build everything that the run needs.

    Raises:
        BadInputError: corpus, hparams or device need mending.
        StoppedEarly: ``stop`` was requested meanwhile.
    """
    torch.set_num_threads(arguments.threads)
    corpus = load_corpus(arguments.corpus)
    verify_audio(corpus)
    hparams = resolve_hparams(arguments, corpus)
    _require_diagnostics(arguments.objective, hparams)
    _require_backend(hparams, ranks.device)
    # Later, the file says what the checkpoints were trained with.
    if ranks.is_first and CheckpointFolder(paths).is_empty:
        write_hparams(paths.hparams, hparams)
    settings = RunSettings(
        steps=arguments.steps or DEFAULT_STEPS[arguments.preset],
        evaluate_every=arguments.evaluate_every or DEFAULT_EVALUATE_EVERY[arguments.preset],
        objective=arguments.objective,
        cache_dir=arguments.cache_dir or paths.root / "mels",
        keep_every=arguments.keep_every,
        workers=arguments.workers,
        warm_start=_warm_start(arguments),
    )
    _warn_of_unknown_symbols(corpus, hparams, write)
    progress = PreparationBar(write, stop, visible=ranks.is_first)
    return Training(paths, corpus, hparams, settings, ranks, write, progress)


def _require_diagnostics(objective: str, hparams: HParams) -> None:
    if objective == "quality" and not hparams.alignment_diagnostics:
        raise BadInputError(
            "alignment_diagnostics=False: the objective quality is made of alignment scores; "
            "leave it on, or choose --objective val_loss or mcd"
        )


def _require_backend(hparams: HParams, device: torch.device) -> None:
    try:
        describe_backend(hparams.decoder_backend, device)
    except BackendUnavailableError as error:
        raise BadInputError(f"decoder_backend={hparams.decoder_backend}: {error}") from error


def _warm_start(arguments: argparse.Namespace) -> WarmStartFrom | None:
    if arguments.warm_start is None:
        if arguments.ignore_layers:
            raise BadInputError("--ignore-layers: there is nothing to ignore without --warm-start")
        return None
    layers = [name.strip() for name in arguments.ignore_layers.split(",")]
    return WarmStartFrom(arguments.warm_start, tuple(name for name in layers if name))


class PreparationBar:
    """Progress over utterances: a bar for who watches the terminal, events for who doesn't."""

    def __init__(self, write: Write, stop: StopRequest, visible: bool) -> None:
        self._write, self._stop, self._visible = write, stop, visible
        self._next_event = time.monotonic() + _EVENT_SECONDS

    def __call__(self, utterances: Sequence[Utterance], what: str) -> Iterator[Utterance]:
        """Yield ``utterances``, telling now and then how far they are."""
        bar = tqdm(
            utterances, desc=what, unit="file", leave=False, disable=None if self._visible else True
        )
        for done, utterance in enumerate(bar):
            if reason := self._stop.reason:
                raise StoppedEarly(reason)
            if time.monotonic() >= self._next_event:
                self._next_event = time.monotonic() + _EVENT_SECONDS
                self._write(Preparing(what, done, len(utterances)))
            yield utterance


class StepsBar:
    """A progress bar over training steps; silent where nobody watches."""

    def __init__(self, steps: int, visible: bool) -> None:
        self._bar: tqdm[Any] = tqdm(
            desc="steps", unit="step", total=steps, disable=None if visible else True
        )

    def show(self, step: int) -> None:
        """``step`` steps are done; after a rescue fewer than before."""
        self._bar.update(step - self._bar.n)


def _warn_of_unknown_symbols(corpus: Corpus, hparams: HParams, write: Write) -> None:
    texts = [utterance.text for utterance in corpus.utterances]
    unknown = unknown_symbols(texts, corpus.language, symbol_table(hparams.symbols))
    if unknown:
        named = ", ".join(f"{symbol_name(s)} ({count} x)" for s, count in unknown.most_common())
        warn(write, 0, f"symbols={hparams.symbols} does not know, and leaves out: {named}")
