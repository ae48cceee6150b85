"""From the command line to a training that is ready to run."""

import argparse
import logging
import time
from collections.abc import Iterable, Iterator, Sequence

import torch
import yaml
from tqdm import tqdm

from trainer.arguments import DEFAULT_EVALUATE_EVERY, DEFAULT_STEPS
from trainer.corpus import Corpus, Utterance, load_corpus, verify_audio
from trainer.devices import choose_device
from trainer.events import EventWriter, Preparing, Warned
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, parse_assignments, parse_hparams, read_hparams_file
from trainer.paths import RunPaths, write_text
from trainer.state import RunSettings
from trainer.text import default_symbols, symbol_name, symbol_table, unknown_symbols
from trainer.train import Training

log = logging.getLogger(__name__)
_EVENT_SECONDS = 1.0


def resolve_hparams(arguments: argparse.Namespace, corpus: Corpus) -> HParams:
    """Preset, then file, then assignments; ``symbols: auto`` becomes the corpus's table."""
    overrides = read_hparams_file(arguments.hparams_file) if arguments.hparams_file else {}
    overrides |= parse_assignments(arguments.hparams)
    hparams = parse_hparams(overrides, HParams.preset(arguments.preset))
    if hparams.symbols == "auto":
        hparams = parse_hparams({"symbols": default_symbols(corpus.language)}, hparams)
    return hparams


def open_run_directory(paths: RunPaths) -> EventWriter:
    """Make the directory and its event file; :class:`BadInputError` where that can't be done."""
    try:
        paths.samples.mkdir(parents=True, exist_ok=True)
        paths.checkpoints.mkdir(exist_ok=True)
        return EventWriter(paths.events)
    except OSError as error:
        raise BadInputError(
            f"run directory {paths.root} can't be written: {error.strerror}; choose another "
            "with --run-dir"
        ) from None


def build_training(arguments: argparse.Namespace, paths: RunPaths, writer: EventWriter) -> Training:
    """Read the corpus and the hparams, and build everything that the run needs."""
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    corpus = load_corpus(arguments.corpus)
    verify_audio(corpus)
    hparams = resolve_hparams(arguments, corpus)
    if (
        not paths.last_checkpoint.exists()
    ):  # else the file says what the checkpoint was trained with
        write_text(paths.hparams, yaml.safe_dump(hparams.model_dump(mode="json"), sort_keys=False))
    settings = RunSettings(
        steps=arguments.steps or DEFAULT_STEPS[arguments.preset],
        evaluate_every=arguments.evaluate_every or DEFAULT_EVALUATE_EVERY[arguments.preset],
        objective=arguments.objective,
        device=device,
        cache_dir=arguments.cache_dir or paths.root / "mels",
    )
    _warn_of_unknown_symbols(corpus, hparams, writer)
    return Training(paths, corpus, hparams, settings, writer, PreparationBar(writer))


class PreparationBar:
    """Progress over utterances: a bar for who watches the terminal, events for who doesn't."""

    def __init__(self, writer: EventWriter) -> None:
        self._writer = writer
        self._next_event = time.monotonic() + _EVENT_SECONDS

    def __call__(self, utterances: Sequence[Utterance], what: str) -> Iterator[Utterance]:
        """Yield ``utterances``, telling now and then how far they are."""
        bar = tqdm(utterances, desc=what, unit="file", disable=None, leave=False)
        for done, utterance in enumerate(bar):
            if time.monotonic() >= self._next_event:
                self._next_event = time.monotonic() + _EVENT_SECONDS
                self._writer.write(Preparing(what, done, len(utterances)))
            yield utterance


def _warn_of_unknown_symbols(corpus: Corpus, hparams: HParams, writer: EventWriter) -> None:
    texts = [utterance.text for utterance in corpus.utterances]
    unknown = unknown_symbols(texts, corpus.language, symbol_table(hparams.symbols))
    if unknown:
        named = ", ".join(f"{symbol_name(s)} ({count} x)" for s, count in unknown.most_common())
        message = f"symbols={hparams.symbols} does not know, and leaves out: {named}"
        log.warning("%s", message)
        writer.write(Warned(0, message))


def steps_bar(steps: Iterable[int]) -> Iterable[int]:
    """A progress bar over training steps; silent where nobody watches."""
    total = len(steps) if isinstance(steps, range) else None
    bar: Iterable[int] = tqdm(steps, desc="steps", unit="step", total=total, disable=None)
    return bar
