"""Which few pictures of a labelled set keep their label, for semi-supervised learning."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError


def labelled_few(
    labels: NDArray[np.int64], classes: Sequence[str], wanted: int | float, seed: int
) -> NDArray[np.int64]:
    """The pictures that keep their label: drawn from the seed, the same number of each class (or share of each).

    Args:
        labels: [N], in [0, number of classes).
        classes: their names.
        wanted: a whole number of pictures in all, as evenly spread as it goes, or a share of each class below 1.
        seed: of the run.

    Returns:
        Indices, sorted.

    Raises:
        UsageError: a class has no pictures, or too few, or would be left without a labelled one; the message names it.

    >>> labelled_few(np.array([0, 0, 0, 1, 1, 1]), ("cat", "dog"), 2, seed=0).shape
    (2,)
    """
    generator = np.random.default_rng([seed, len(labels)])
    chosen = []
    for number, name in enumerate(classes):
        own = generator.permutation(np.flatnonzero(labels == number))
        if not len(own):
            raise UsageError(
                f"data.labelled={wanted}: there is no picture of class {name!r}: add some, or leave the class out "
                "(where classes are numbers, they count from 0 without gaps)"
            )
        if isinstance(wanted, int):
            count = wanted // len(classes) + (number < wanted % len(classes))
        else:
            count = round(wanted * len(own))
        if count == 0:
            raise UsageError(
                f"data.labelled={wanted} leaves class {name!r} ({len(own)} pictures, {len(classes)} classes) without a "
                f"label: raise it, at least one picture of each class is needed"
            )
        if count > len(own):
            raise UsageError(
                f"data.labelled={wanted} wants {count} pictures of class {name!r}, which has {len(own)}: lower it, or "
                "give a share below 1"
            )
        chosen.append(own[:count])
    return np.sort(np.concatenate(chosen))
