"""What a trial that ran out of memory may try next."""


def next_micro_batch(batch_size: int, micro_batch_size: int | None) -> int | None:
    """Half as many utterances at once; ``None`` where it was one already.

    The effective batch, over which gradients are added up, stays as it is: so the trial is the
    same trial, and may go on from its checkpoint.

    Args:
        batch_size: utterances of one optimiser step.
        micro_batch_size: utterances at once when memory ran out; ``None``: all of them.

    Example:
        >>> next_micro_batch(32, None), next_micro_batch(32, 16), next_micro_batch(32, 1)
        (16, 8, None)
    """
    at_once = micro_batch_size or batch_size
    return at_once // 2 or None
