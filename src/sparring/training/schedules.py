"""Quantities that change as images go by."""


def rate_factor(images: int, warmup: int = 0, decay_from: int | None = None, decay_until: int | None = None) -> float:
    """The factor of the learning rate: up from 0 over `warmup` images, 1, then down to 0 between the two decay marks.

    Args:
        images: images shown so far.
        warmup: images over which it rises.
        decay_from: images at which it begins to fall; None: never.
        decay_until: images at which it is 0.

    >>> [rate_factor(images, warmup=10, decay_from=50, decay_until=100) for images in (0, 5, 10, 50, 75, 100, 200)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    factor = min(1.0, images / warmup) if warmup else 1.0
    if decay_from is not None and decay_until is not None:
        factor *= min(1.0, max(0.0, (decay_until - images) / (decay_until - decay_from)))
    return factor
