"""Which recipe to take where nobody named one.

Measured at 28 to 32 pixels and with ten classes, by `benchmarks/search.py` and `benchmarks/equal_time.py default`
(`docs/search.md`, `docs/results.md`). Not measured: sets of many classes, and augmentation of small sets over the long
runs that it is meant for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sparring.data import Dataset
from sparring.errors import UsageError
from sparring.recipes import recipe_names

FEW = 10_000
"""Below so many pictures, a discriminator soon knows them by heart."""
ENOUGH = 20
"""Pictures a class needs on average for its label to be of use."""
PLANES = 50
"""Above so many classes, a plane for each would be most of what the discriminator of `conditional` sees."""
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


def check(about_data: Iterable[str]) -> None:
    """Make sure that a recipe can be chosen by the pictures alone.

    Raises:
        UsageError: the settings ask for a translation, of which only a person knows what it should keep to.
    """
    asked = next((one for one in about_data if one.startswith(("data.inputs=", "data.pairs="))), None)
    if asked is not None:
        raise UsageError(
            f"{asked}: name a recipe that translates: pix2pix where every source has a partner, cyclegan where none has"
        )


def choose(dataset: Dataset) -> Choice:
    """The recipe for a set: by what it holds, its labels and the number of pictures; networks fit the rest."""
    spec = dataset.spec
    if spec.points:
        own = dataset.title in recipe_names()
        return Choice(dataset.title if own else "grid25", (), "points of the plane, on which modes are easily lost")
    recipe, labels = _by_labels(dataset)
    pictures = f"{len(dataset):,} {_kind(spec.channels)} pictures of {spec.width} x {spec.height}, {labels}"
    if len(dataset) >= FEW:
        return Choice(recipe, (), pictures)
    why = f"{pictures}; few, so augmented as soon as the discriminator knows them by heart"
    return Choice(recipe, ("game.aids.augment=adaptive",), why)


def _kind(channels: int) -> str:
    return {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")


def _by_labels(dataset: Dataset) -> tuple[str, str]:
    """A recipe, and a few words on the labels."""
    if dataset.labels is None:
        return "dcgan", "without labels"
    classes = len(dataset.spec.classes)  # those without a picture too: networks are built for all
    if len(np.unique(dataset.labels)) < 2:
        return "dcgan", "all of one class, so labels are left aside"
    if classes > MOST_CLASSES:
        return "dcgan", f"{classes:,} classes, which are more than is known to work, so labels are left aside"
    if len(dataset) / classes < ENOUGH:
        return "dcgan", f"too few for each of {classes} classes, so their labels are left aside"
    return "conditional" if classes <= PLANES else "projection", f"{classes} classes"
