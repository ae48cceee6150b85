"""Stands for the public file: masks are made on a GPU alone."""

import torch


def get_mask_from_lengths(lengths):
    longest = torch.max(lengths).item()
    ids = torch.arange(0, longest, out=torch.cuda.LongTensor(longest))
    return ids < lengths.unsqueeze(1)


def to_gpu(x):
    return x.cuda()
