"""From the command line to a training that is ready to run."""

import argparse
from collections.abc import Iterable

import torch
import yaml
from tqdm import tqdm

from trainer.arguments import DEFAULT_EVALUATE_EVERY, DEFAULT_STEPS
from trainer.corpus import Corpus, Utterance, load_corpus, verify_audio
from trainer.devices import choose_device
from trainer.events import EventWriter
from trainer.exit_codes import BadInputError
from trainer.hparams import HParams, parse_assignments, parse_hparams, read_hparams_file
from trainer.paths import RunPaths, write_text
from trainer.state import RunSettings
from trainer.text import default_symbols
from trainer.train import Training


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
    corpus = load_corpus(arguments.corpus)
    verify_audio(corpus)
    hparams = resolve_hparams(arguments, corpus)
    write_text(paths.hparams, yaml.safe_dump(hparams.model_dump(mode="json"), sort_keys=False))
    settings = RunSettings(
        steps=arguments.steps or DEFAULT_STEPS[arguments.preset],
        evaluate_every=arguments.evaluate_every or DEFAULT_EVALUATE_EVERY[arguments.preset],
        objective=arguments.objective,
        device=choose_device(arguments.device),
        cache_dir=arguments.cache_dir or paths.root / "mels",
    )
    return Training(paths, corpus, hparams, settings, writer, mels_bar)


def mels_bar(utterances: Iterable[Utterance], what: str) -> Iterable[Utterance]:
    """A progress bar over utterances; silent where nobody watches."""
    bar: Iterable[Utterance] = tqdm(utterances, desc=what, unit="file", disable=None, leave=False)
    return bar


def steps_bar(steps: Iterable[int]) -> Iterable[int]:
    """A progress bar over training steps; silent where nobody watches."""
    total = len(steps) if isinstance(steps, range) else None
    bar: Iterable[int] = tqdm(steps, desc="steps", unit="step", total=total, disable=None)
    return bar
