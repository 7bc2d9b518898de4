r"""What the nearest neighbours of real and fake pictures say: fidelity, variety, difference, and copying.

Distances are Euclidean, between feature vectors, in float64, and never held all at once: so many rows of the table of
distances at a time that a part takes about 256 MB.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sparring.errors import UsageError

PART_BYTES = 256 * 2**20
Distances = NDArray[np.float64]


@dataclass(frozen=True)
class Manifold:
    r"""How two sets lie within each other.

    With $B(x)$ the ball around $x$ that reaches to the k-th nearest other vector of its own set: precision and recall
    of Kynkäänniemi et al., "Improved Precision and Recall Metric", arXiv:1904.06991, equations 1 and 2; density and
    coverage of Naeem et al., "Reliable Fidelity and Diversity Metrics", arXiv:2002.09797, equations 3 and 4.

    Attributes:
        precision: share of fakes within the ball of some real one.
        recall: share of real ones within the ball of some fake.
        density: in how many balls of real ones a fake lies, divided by k: around 1 if alike, and not bounded by it.
        coverage: share of real ones whose ball holds a fake.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real: NDArray[Any], fake: NDArray[Any], k: int = 5) -> Manifold:
    """Precision, recall, density and coverage.

    Equal distributions do not reach 1 in the first two (Naeem et al., figure 3): compare with the same numbers of two
    sets of real pictures.

    Args:
        real: [N, F].
        fake: [M, F].
        k: neighbours that a ball reaches to; Kynkäänniemi et al. take 3, Naeem et al. 5.

    Raises:
        UsageError: a side has no more than k vectors, or they differ in the number of features.

    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> manifold(x, x + 100.0)
    Manifold(precision=0.0, recall=0.0, density=0.0, coverage=0.0)
    """
    _check(real, fake, k)
    real_radius, fake_radius = radii(real, k), radii(fake, k)
    inside = np.zeros(len(fake), np.int64)  # in how many balls of real ones each fake lies
    covered, recalled = [], []
    for rows, table in distances(real, fake):
        within = table < real_radius[rows, None]  # [n, M]
        inside += within.sum(0)
        covered.append(within.any(1))
        recalled.append((table < fake_radius).any(1))
    return Manifold(
        precision=float((inside > 0).mean()),
        recall=float(np.concatenate(recalled).mean()),
        density=float(inside.mean()) / k,
        coverage=float(np.concatenate(covered).mean()),
    )


@dataclass(frozen=True)
class TwoSample:
    """How well the nearest neighbour, of whichever set, tells which set a vector is of.

    Attributes:
        real: share of real ones whose nearest other vector is real.
        fake: share of fakes whose nearest other vector is fake.
    """

    real: float
    fake: float

    @property
    def accuracy(self) -> float:
        """Of both sets together: 0.5 for equal distributions, 1 for distinct ones; well below 0.5: copies."""
        return (self.real + self.fake) / 2


def two_sample_test(real: NDArray[Any], fake: NDArray[Any]) -> TwoSample:
    """The leave-one-out accuracy of a 1-nearest-neighbour classifier of real against fake.

    Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", arXiv:1610.06545; as a judge of GANs Xu et al., "An
    empirical study on evaluation metrics of generative adversarial networks", arXiv:1806.07755, section 2. A tie is
    half right.

    Args:
        real: [N, F].
        fake: [N, F], as many: with unequal numbers the larger set would be near to everything.

    Raises:
        UsageError: there are fewer than 2 on a side, the numbers differ, or those of features.

    >>> x = np.array([[0.0], [1.0]])
    >>> two_sample_test(x, x + 50).accuracy, two_sample_test(x, x).accuracy
    (1.0, 0.0)
    """
    _check(real, fake, 1)
    if len(real) != len(fake):
        raise UsageError(f"a two-sample test of {len(real):,} and {len(fake):,} pictures: take as many of both")
    own = radii(real, 1), radii(fake, 1)
    other = nearest(real, fake)[0], nearest(fake, real)[0]
    shares = [((o < t) + 0.5 * (o == t)).mean() for o, t in zip(own, other, strict=True)]
    return TwoSample(*map(float, shares))


@dataclass(frozen=True)
class Copying:
    """How many pictures lie nearer to a training picture than any other training picture does.

    Attributes:
        fakes: share of them, 0 to 1.
        held_out: the same share of real pictures that were not trained on: what is to be expected without copying.
        nearest: [M], for each fake the number of the training picture that is nearest.
        distance: [M], how far that is.
    """

    fakes: float
    held_out: float
    nearest: NDArray[np.int64]
    distance: Distances

    @property
    def authenticity(self) -> float:
        """The share of fakes that are not too near to any training picture, 0 to 1."""
        return 1 - self.fakes

    @property
    def excess(self) -> float:
        """How much more often than held-out pictures fakes are too near; about 0 without copying."""
        return self.fakes - self.held_out


def copying(train: NDArray[Any], held_out: NDArray[Any], fake: NDArray[Any]) -> Copying:
    """The authenticity of fakes, beside that of real pictures that were not trained on.

    Alaa et al., "How Faithful is your Synthetic Data?", arXiv:2102.08921, section 3.3: a fake is not authentic if the
    training picture nearest to it is farther from its own nearest neighbour in the training set than from the fake.
    Real pictures are often no more authentic than that, by chance, so the share alone accuses nobody.

    Args:
        train: [N, F], of the pictures that were trained on.
        held_out: [H, F], of others of the same sort.
        fake: [M, F].

    Raises:
        UsageError: a side is empty, there are fewer than 2 training pictures, or numbers of features differ.

    >>> rng = np.random.default_rng(0)
    >>> train, others = rng.normal(size=(200, 2)), rng.normal(size=(100, 2))
    >>> found = copying(train, others, train[:50] + 1e-6)
    >>> found.fakes, found.held_out < 0.7, found.nearest[:3]
    (1.0, True, array([0, 1, 2]))
    """
    _check(train, fake, 1, 0)
    _check(train, held_out, 1, 0)
    own = radii(train, 1)
    shares = []
    for side in (held_out, fake):
        distance, number = nearest(side, train)
        shares.append(float((distance < own[number]).mean()))
    return Copying(shares[1], shares[0], number, distance)


def radii(features: NDArray[Any], k: int) -> Distances:
    """[N], for each vector the distance to the k-th nearest other one."""
    found = []
    for rows, table in distances(features, features):
        table[np.arange(len(table)), np.arange(len(features))[rows]] = np.inf  # itself is no neighbour
        # twenty times as fast as numpy's partition
        found.append(torch.from_numpy(table).topk(k, largest=False).values[:, -1].numpy())
    return np.concatenate(found)


def nearest(features: NDArray[Any], among: NDArray[Any]) -> tuple[Distances, NDArray[np.int64]]:
    """For each vector the distance to the nearest one of `among`, and the number of that."""
    numbers = [(table.argmin(1), table.min(1)) for _, table in distances(features, among)]
    return np.concatenate([d for _, d in numbers]), np.concatenate([n for n, _ in numbers])


def distances(one: NDArray[Any], other: NDArray[Any]) -> Iterator[tuple[slice, Distances]]:
    r"""The table of distances, a part of its rows at a time.

    $\lVert x - y \rVert^2 = \lVert x \rVert^2 + \lVert y \rVert^2 - 2 x^\top y$, about the middle of both sets, so that
    what is subtracted is not much larger than what is left.

    Args:
        one: [N, F].
        other: [M, F].

    Yields:
        Which rows, and [n, M], float64; it may be written into.
    """
    middle = np.mean(other, 0, dtype=np.float64)
    y = np.subtract(other, middle, dtype=np.float64)
    y_squared = (y * y).sum(1)
    step = max(1, PART_BYTES // (8 * len(other)))
    for at in range(0, len(one), step):
        rows = slice(at, min(at + step, len(one)))
        x = np.subtract(one[rows], middle, dtype=np.float64)
        squared = x @ y.T
        squared *= -2
        squared += (x * x).sum(1)[:, None]
        squared += y_squared
        yield rows, np.sqrt(np.clip(squared, 0, None, out=squared), out=squared)


def _check(one: NDArray[Any], other: NDArray[Any], k: int, other_least: int | None = None) -> None:
    least = k if other_least is None else other_least
    if len(one) <= k or len(other) <= least:
        raise UsageError(
            f"{k} nearest neighbours among {len(one):,} and {len(other):,} pictures: it takes at least {k + 1} on each "
            "side (fd and kd need 2)"
        )
    if one.shape[1] != other.shape[1]:
        raise UsageError(f"{one.shape[1]} features on one side and {other.shape[1]} on the other: use one extractor")
