"""From utterances to batches of padded tensors."""

from trainer.data.batch import Batch, collate
from trainer.data.dataset import Dataset, Item, build_datasets
from trainer.data.mel_scale import MelScale
from trainer.data.mel_store import MelStore
from trainer.data.order import BatchOrder

__all__ = [
    "Batch", "BatchOrder", "Dataset", "Item", "MelScale", "MelStore", "build_datasets", "collate",
]  # fmt: skip
