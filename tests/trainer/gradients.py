"""The gradient of one effective batch, by as many processes as ``torchrun`` started.

``gradients.py CORPUS CACHE OUT HPARAMS`` writes the gradients that the optimiser would see, with
BatchNorm in evaluation mode; the first rank writes.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from trainer.corpus import load_corpus
from trainer.data import BatchOrder, MelStore, build_datasets
from trainer.data.loader import BatchLoader
from trainer.hparams import HParams
from trainer.ranks import Ranks
from trainer.state import TrainingState
from trainer.step import Stepper


def gradients(
    corpus: Path, cache: Path, hparams: HParams, ranks: Ranks, batch_norm_trains: bool = False
) -> dict[str, Tensor]:
    """Of the first batch, by parameter, and the loss under ``loss``."""
    dataset = build_datasets(
        load_corpus(corpus), hparams, MelStore(cache, hparams), lambda utterances, _: utterances
    )
    order = BatchOrder([i.n_frames for i in dataset.training], hparams.batch_size, hparams.seed)
    loader = BatchLoader(dataset, order, hparams, rank=ranks.rank, world=ranks.world)
    state = TrainingState(hparams, ranks, "")
    if not batch_norm_trains:
        for module in state.model.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.eval()
                module.train = lambda mode=True, kept=module: kept  # type: ignore[method-assign,assignment,misc]
    stepper = Stepper(state, dataset, hparams, ranks)
    state.model.train()
    sums = stepper._accumulate(next(loader.batches(0)))
    ranks.sum_gradients(state.model)
    found = {n: p.grad for n, p in state.model.named_parameters() if p.grad is not None}
    return {**found, "loss": torch.tensor(sums["loss"])}


if __name__ == "__main__":
    torch.set_num_threads(1)
    corpus_path, cache_path, out, values = sys.argv[1:]
    group = Ranks.join("cpu")
    result = gradients(
        Path(corpus_path), Path(cache_path), HParams.model_validate_json(values), group
    )
    if group.is_first:
        torch.save(result, out)
    group.leave()
