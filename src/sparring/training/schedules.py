"""Quantities that change as images go by."""


def rate_factor(images: int, used: float, warmup: int = 0, decay_from: float | None = None) -> float:
    """The factor of the learning rate: up from 0 over `warmup` images, 1, then down to 0 at the end of the budget.

    Args:
        images: images shown so far.
        used: share of the budget that is used up, 0 to 1.
        warmup: images over which it rises.
        decay_from: share of the budget at which it begins to fall, below 1; None: never.

    >>> [rate_factor(images, images / 200, warmup=10, decay_from=0.5) for images in (0, 5, 10, 100, 150, 200)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    factor = min(1.0, images / warmup) if warmup else 1.0
    if decay_from is not None:
        factor *= min(1.0, (1 - used) / (1 - decay_from))
    return factor
