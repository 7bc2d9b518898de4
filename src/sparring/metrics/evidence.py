"""What a metric is computed from: what an extractor saw in real pictures and in fakes, and some of the pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics.estimate import Estimate
from sparring.metrics.features import Seen
from sparring.metrics.neighbours import Manifold, manifold
from sparring.metrics.segmentation import confusion


@dataclass(frozen=True)
class Side:
    """What an extractor saw in pictures, and some of them.

    Attributes:
        seen: in all N, by the extractor.
        labels: [N], the class of each, or the one that was asked for; None without.
        pictures: [n, H, W, C], a few of them: all would not fit into memory.
        rows: [n], which ones.
    """

    seen: Seen
    labels: NDArray[np.int64] | None
    pictures: NDArray[Any]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.seen)

    def half(self, number: int) -> "Side":
        """Every other one, from the first (0) or the second (1)."""
        half, there = slice(number, None, 2), self.rows % 2 == number
        labels = None if self.labels is None else self.labels[half]
        return Side(self.seen.at(half), labels, self.pictures[there], self.rows[there] // 2)

    @property
    def features(self) -> NDArray[np.float32]:
        """[N, F]."""
        return self.seen.features


@dataclass(frozen=True)
class Evidence:
    """What a metric is computed from.

    Attributes:
        real: pictures to compare with, of the set that was trained on.
        fake: pictures to judge.
        held_out: other real pictures, of a part that was not trained on where the set has one.
        classes: the names of the extractor's classes that are also those of the labels; empty without.
        modes: centres, [K, D], and standard deviation of a mixture of Gaussians that the points are of; None: unknown.
        taught: what a classifier that has learnt from the judged pictures alone says of the held-out ones.
        path: the path length of the generator; None where there is no generator, but real pictures.
        seed: of what is drawn.
        wanted: [n, H, W, C], of pairs: what should have come out for each of `fake.pictures`; None: nobody knows. Maps
            are numbers of classes.
    """

    real: Side
    fake: Side
    held_out: Side
    classes: tuple[str, ...] = ()
    modes: tuple[NDArray[np.float64], float] | None = None
    taught: Callable[[], Seen] | None = None
    path: Callable[[], Estimate] | None = None
    seed: int = 0
    wanted: NDArray[Any] | None = None

    @cached_property
    def manifold(self) -> Manifold:
        """Precision, recall, density and coverage, computed once."""
        return manifold(self.real.features, self.fake.features)

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """[K, K], how often a pixel of one class was taken for another; computed once."""
        return confusion(self.partners, self.fake.pictures)

    @property
    def partners(self) -> NDArray[Any]:
        """What is wanted, where somebody knows.

        Raises:
            UsageError: nobody does.
        """
        if self.wanted is None:
            raise UsageError("this metric needs pairs: what should come out for each picture that goes in")
        return self.wanted
