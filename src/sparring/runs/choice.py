"""Which recipe to take where nobody named one.

Measured at 28 to 32 pixels, by `benchmarks/search.py` and `benchmarks/equal_time.py default` (`docs/results.md`). Not
measured: the growth of gamma with the size, which follows from what the penalties add up, and augmentation of small
sets over the long runs that it is meant for.
"""

from dataclasses import dataclass

import numpy as np

from sparring.data import Dataset
from sparring.recipes import recipe_names

FEW = 10_000
"""Below so many pictures, a discriminator soon knows them by heart."""
ENOUGH = 20
"""Pictures a class needs on average for its label to be of use."""
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Choice:
    """A recipe, and why.

    Attributes:
        recipe: its name.
        settings: `key=value` strings on top of it.
        why: one line.
    """

    recipe: str
    settings: tuple[str, ...]
    why: str


def choose(dataset: Dataset) -> Choice:
    """The recipe for a set: by what it holds, its labels, its size and the number of pictures."""
    spec = dataset.spec
    if spec.points:
        own = dataset.title in recipe_names()
        return Choice(dataset.title if own else "grid25", (), "points of the plane, on which modes are easily lost")
    settings, reasons = [], []
    labels = _use_of_labels(dataset)
    reasons.append(f"{len(dataset):,} {_kind(spec.channels)} pictures of {spec.width} x {spec.height}, {labels[1]}")
    if spec.channels >= 3:
        settings.append("game.network=resnet")
        reasons.append("residual networks, for colour")
    pixels = spec.width * spec.height
    if pixels > 32 * 32:  # R1 and R2 add up over pixels: the same slope in each needs a larger weight
        settings.append(f"game.gamma={0.1 * pixels / 1024:.3g}")
        reasons.append("gamma in proportion to the pixels")
    if len(dataset) < FEW:
        settings.append("game.aids.augment=adaptive")
        reasons.append("few, so augmented as soon as the discriminator knows them by heart")
    recipe = "relativistic-projection" if labels[0] else "relativistic"
    return Choice(recipe, tuple(settings), "; ".join(reasons))


def _kind(channels: int) -> str:
    return {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")


def _use_of_labels(dataset: Dataset) -> tuple[bool, str]:
    if dataset.labels is None:
        return False, "without labels"
    counts = np.bincount(dataset.labels)
    classes = int((counts > 0).sum())
    if not 2 <= classes <= MOST_CLASSES or len(dataset) / classes < ENOUGH:
        return False, f"too few for each of {classes} classes, so their labels are left aside"
    return True, f"{classes} classes"
