"""What a run needs before its first step: the data, and a model to train."""

import logging

from trainer.corpus import Corpus
from trainer.data import BatchOrder, Dataset, MelStore, build_datasets
from trainer.data.dataset import Progress
from trainer.data.loader import BatchLoader
from trainer.hparams import HParams
from trainer.losses.pool import Pool
from trainer.ranks import Ranks
from trainer.settings import RunSettings
from trainer.state import TrainingState
from trainer.telling import Write, warn
from trainer.validation import HeldOut
from trainer.warm_start import warm_start

log = logging.getLogger(__name__)


def prepare_dataloaders(
    corpus: Corpus,
    hparams: HParams,
    settings: RunSettings,
    ranks: Ranks,
    write: Write,
    progress: Progress,
) -> tuple[Dataset, BatchLoader, HeldOut]:
    """The data, what deals it out, and the held-out set."""
    store = MelStore(settings.cache_dir, hparams)
    dataset = build_datasets(corpus, hparams, store, progress)
    for name in store.repaired:
        warn(write, 0, f"the cached mel of {name} was damaged: it was computed anew")
    _warn_of_short_utterances(dataset, hparams, write)
    lengths = [item.n_frames for item in dataset.training]
    order = BatchOrder(lengths, hparams.batch_size, hparams.seed, hparams.batch_frames)
    loader = BatchLoader(
        dataset, order, hparams,
        workers=settings.workers, rank=ranks.rank, world=ranks.world,
        pin=ranks.device.type == "cuda",
    )  # fmt: skip
    return dataset, loader, HeldOut.of(dataset, ranks.device)


def _warn_of_short_utterances(dataset: Dataset, hparams: HParams, write: Write) -> None:
    """Which utterances the recogniser can't hear: fewer decoder steps than its labels need."""
    if not hparams.use_mmi:
        return
    sequences = [item.sequence for item in dataset.training]
    n_frames = [item.n_frames for item in dataset.training]
    pool = Pool.of(sequences, n_frames, hparams.n_frames_per_step)
    if left_out := pool.utterances - pool.ctc_utterances:
        warn(
            write,
            0,
            f"use_mmi leaves out {left_out} of {pool.utterances} utterances: at "
            f"n_frames_per_step={hparams.n_frames_per_step} they have fewer decoder steps than "
            "their text has symbols",
        )


def load_model(
    hparams: HParams,
    settings: RunSettings,
    ranks: Ranks,
    dataset: Dataset,
    write: Write,
    warm: bool,
) -> TrainingState:
    """A fresh model and optimiser, drawn from ``hparams.seed``; ``warm``: as settings say."""
    state = TrainingState(hparams, ranks, dataset.fingerprint)
    if warm and settings.warm_start:
        source = settings.warm_start
        started = warm_start(state.model, source.path, source.ignore_layers)
        log.info("warm start from %s: %d tensors", source.path, len(started.loaded))
        for note in started.notes:
            warn(write, 0, note)
    return state
